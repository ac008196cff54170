//! A processor that was reset is a new one.

use crate::cases::{Case, ODD, cases, first_difference, layouts};
use crate::exempt::Promise;
use crate::report::every_effect;

fn seconds(case: &Case) -> f64 {
    (case.latency() as f64 / f64::from(case.stream.sample_rate) + 0.1).min(1.0)
}

#[test]
fn reset_is_as_good_as_new() {
    every_effect(Promise::Reset, |spec, found| {
        for case in layouts(spec).iter().flat_map(|layout| cases(spec, *layout, 48_000)) {
            let input = case.noise(seconds(&case));
            let events = case.script(&case.movable(), input.frames());
            let mut used = case.build();
            let born = (used.latency(), used.tail());
            case.run(&mut *used, &input, ODD, &events);
            used.reset();
            if born != (used.latency(), used.tail()) {
                found.breach(format!("{}: after a reset its latency or tail is another", case.name));
            }
            let (again, new) =
                (case.run(&mut *used, &input, &[512], &[]), case.run(&mut *case.build(), &input, &[512], &[]));
            if let Some(frame) = first_difference(&again, &new) {
                found.breach(format!("{}: after a reset it differs at frame {frame}, {:?}", case.name, case.settings));
            }
        }
    });
}

/// The seed is all that chance hangs on.
#[test]
fn two_of_a_kind_sound_the_same() {
    every_effect(Promise::Reset, |spec, found| {
        let case = Case::full(spec, layouts(spec)[0], 48_000);
        let input = case.noise(seconds(&case));
        if let Some(frame) = first_difference(&case.render(&input, &[]), &case.render(&input, &[])) {
            found.breach(format!("{}: two of a kind differ at frame {frame}", case.name));
        }
    });
}
