//! What the operating system is asked for, so that sound is never late, and what it knows of it.

use std::time::{Duration, Instant};

/// Asks the system to run this thread before all others; whether it does.
#[cfg(unix)]
pub(super) fn run_before_all_others() -> bool {
    use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};
    use thread_priority::{RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy};
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let Ok(value) = ThreadPriorityValue::try_from(70_u8) else { return false };
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(value), policy).is_ok()
}

/// Asks the system to run this thread before all others; whether it does.
#[cfg(not(unix))]
pub(super) fn run_before_all_others() -> bool {
    thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Max).is_ok()
}

/// Asks the system to keep the program in memory: what it has now is fetched, what it asks for later is there at once, and nothing
/// of it goes back to disk. Code that has not run for minutes would otherwise be read again in the middle of a block, and memory
/// of a new plan be found on its first touch there. Whether the system does; without the right to it, or where the program is
/// larger than its user may lock, nothing changes.
#[cfg(target_os = "linux")]
pub(super) fn stay_in_memory() -> bool {
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let kept = mlockall(MlockAllFlags::CURRENT).is_ok();
    // What comes later is locked only without a limit: beyond one, memory could not be had at all. Who may lift it does.
    let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
    if kept && getrlimit(Resource::Memlock).current.is_none() {
        return mlockall(MlockAllFlags::FUTURE).is_ok();
    }
    kept
}

/// Asks the system to keep the program in memory, which is only known how to on Linux.
#[cfg(not(target_os = "linux"))]
pub(super) fn stay_in_memory() -> bool {
    false
}

/// The time a thread takes for something: on the clock, and of a processor.
pub(super) struct Watch {
    clock: Instant,
    worked: Option<Duration>,
}

impl Watch {
    pub(super) fn start() -> Self {
        Watch { worked: worked(), clock: Instant::now() }
    }

    /// By the clock, and of a processor (the clock's time where the system does not know).
    pub(super) fn stop(&self) -> (Duration, Duration) {
        let clock = self.clock.elapsed();
        let of_processor = self.worked.zip(worked()).map_or(clock, |(before, now)| now.saturating_sub(before));
        (clock, of_processor)
    }
}

/// For how long a processor has worked for this thread: without what others took, and in a virtual machine without what its
/// host did.
#[cfg(target_os = "linux")]
fn worked() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// Only Linux is asked.
#[cfg(not(target_os = "linux"))]
fn worked() -> Option<Duration> {
    None
}
