//! Native secret scanning engine and redactor; the rules come from plugins.
#![forbid(unsafe_code)]
