//! What every entry from outside passes through: panics become faults, and a forked process is refused.
use crate::fault::{Fault, Kind};
use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::OnceLock;

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
    static ARMED: Cell<bool> = const { Cell::new(false) };
}
static OWNER: OnceLock<u32> = OnceLock::new();

/// Runs `work`; a panic becomes `Kind::Panic`, which says where but never repeats the message: it may hold secrets.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(|| {
        check_not_forked(std::process::id(), *OWNER.get_or_init(std::process::id))?;
        assert!(!ARMED.with(|armed| armed.replace(false)), "armed by a test");
        work()
    }))
    .unwrap_or_else(|_| {
        let place = PLACE.with(|place| place.take());
        Err(Fault::new(
            Kind::Panic,
            None,
            format!("internal panic at {place}"),
        ))
    })
}

/// The library's generator is not reseeded by a fork: parent and child would draw the same signing nonces.
fn check_not_forked(process: u32, owner: u32) -> Result<(), Fault> {
    if process == owner {
        Ok(())
    } else {
        Err(Fault::usage(
            "the process was forked after first use; start a new process instead",
        ))
    }
}

/// Keeps panic messages off stderr and remembers file and line for `guarded`. Call once, at load.
pub fn silence_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or(String::new(), |at| {
            let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
            format!("{file}:{}", at.line())
        });
        PLACE.with(|cell| cell.replace(place));
    }));
}

/// Makes the next guarded entry of this thread panic, so that tests can show that each entry is guarded.
pub fn arm_panic() {
    ARMED.with(|armed| armed.set(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_fault_without_its_message() {
        silence_panics();
        let fault = guarded(|| -> Result<(), Fault> { panic!("secret") }).unwrap_err();
        assert_eq!(fault.kind, Kind::Panic);
        assert!(fault.reason.contains("guard.rs") && !fault.reason.contains("secret"));
    }

    #[test]
    fn another_process_than_the_first_is_refused() {
        assert!(check_not_forked(2, 1).is_err());
    }
}
