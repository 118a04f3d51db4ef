//! How much memory this process took at most while something ran.

/// Bytes by which the process grew at its peak. Measured on Linux; elsewhere the work is done and 0 returned.
#[cfg(target_os = "linux")]
pub(crate) fn growth(work: impl FnOnce()) -> u64 {
    // 5 sets the peak back to what is resident now. Where that is not allowed, the old peak is the start.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = peak();
    work();
    peak().saturating_sub(before)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn growth(work: impl FnOnce()) -> u64 {
    work();
    0
}

#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}
