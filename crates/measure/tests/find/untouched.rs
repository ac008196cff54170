//! Music as it was published: nothing of it may be called broken.

use tonmeister_core::Severity;

use crate::tally::{Kind, all, inspect, whole};

/// What the rules say to every released track, printed to be read by a person; nothing is an error.
#[test]
fn no_released_track_is_called_broken() {
    for kind in [Kind::Finished, Kind::Mixes] {
        let Some(files) = all(kind) else { return };
        for file in files {
            let excerpt = whole(&file);
            for finding in inspect(excerpt.rate, &excerpt.audio).findings {
                eprintln!("{:44} {:?} {}: {}", excerpt.name, finding.severity, finding.rule, finding.message);
                assert!(finding.severity < Severity::Error, "{}: {finding:?}", excerpt.name);
            }
        }
    }
}
