//! How a run ended, as a code for scripts. The help and the man pages print [`Outcome::TABLE`].

use tonmeister::Failure;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What was asked for is done.
    Done,
    /// What was looked at is not as it should be: `check`, `disc` or `release --verify` ran to its end and found that.
    Found,
    /// The request makes no sense. (Arguments that cannot be parsed end with the same code.)
    Usage,
    /// The document is not valid.
    Document,
    /// Something that should be read cannot be.
    Input,
    /// Something that should be written cannot be.
    Output,
    /// The audio cannot be brought to the target.
    Target,
    /// Stopped from outside.
    Interrupted,
}

impl Outcome {
    /// Every code and what it means.
    pub(crate) const TABLE: &[(Outcome, &'static str)] = &[
        (Outcome::Done, "done"),
        (Outcome::Found, "check, disc or release --verify found something wrong, or what check was told to deny"),
        (Outcome::Usage, "the arguments make no sense"),
        (Outcome::Document, "the document is not valid"),
        (Outcome::Input, "a file cannot be read, or its audio cannot be used"),
        (Outcome::Output, "a file cannot be written or must not be replaced, or the sound device does not play"),
        (Outcome::Target, "the target was not reached; the report says what was written instead"),
        (Outcome::Interrupted, "interrupted; nothing was left half-written"),
    ];

    /// The code of the process.
    pub(crate) fn code(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Found => 1,
            Outcome::Usage => 2,
            Outcome::Document => 3,
            Outcome::Input => 4,
            Outcome::Output => 5,
            Outcome::Target => 6,
            // What shells say of a process that was stopped by Ctrl-C.
            Outcome::Interrupted => 130,
        }
    }

    /// How a run that failed ended.
    pub(crate) fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Document { .. } => Outcome::Document,
            Failure::Render { .. } | Failure::Input { .. } => Outcome::Input,
            Failure::Usage(_) => Outcome::Usage,
            Failure::Output { .. } => Outcome::Output,
            Failure::Target(_) => Outcome::Target,
            Failure::Interrupted => Outcome::Interrupted,
        }
    }

    /// The table as help prints it.
    pub(crate) fn help() -> String {
        let lines = Outcome::TABLE.iter().map(|(outcome, meaning)| format!("  {}  {meaning}", outcome.code()));
        format!("Exit codes:\n{}", lines.collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_documented_in_order_and_once() {
        let codes: Vec<u8> = Outcome::TABLE.iter().map(|(outcome, _)| outcome.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 130]);
    }
}
