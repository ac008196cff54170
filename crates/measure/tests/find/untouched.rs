//! Music as it was published: nothing of it may be called broken.

use tonmeister_core::Severity;

use crate::tally::{Kind, all, inspect, whole};

/// Whatever the rules say to released tracks and to mixes, nothing of it is an error.
#[test]
fn no_released_track_is_called_broken() {
    for kind in [Kind::Finished, Kind::Mixes] {
        let Some(files) = all(kind) else { return };
        for file in files {
            let excerpt = whole(&file);
            let findings = inspect(excerpt.rate, &excerpt.audio).findings;
            let mut warned: Vec<_> =
                findings.iter().filter(|f| f.severity == Severity::Warning).map(|f| f.rule).collect();
            warned.dedup();
            eprintln!("untouched: {}: {}", excerpt.name, warned.join(", "));
            for finding in findings {
                assert!(finding.severity < Severity::Error, "{}: {finding:?}", excerpt.name);
            }
        }
    }
}
