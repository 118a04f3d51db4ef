//! x
#![allow(missing_docs)]
use cc_policy_sdk::router::{Candidate, Choice, Failure, Guest, Request, Verdict};
struct R;
impl Guest for R {
    fn route(_r: Request, _c: Vec<Candidate>, _p: Option<Choice>) -> Result<Verdict, Failure> { Ok(Verdict::Keep) }
}
cc_policy_sdk::export_router!(R);
