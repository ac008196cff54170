//! Every setting sounds, or is refused with a reason; nothing panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::cases::{Case, layouts, peak, value_at};
use crate::exempt::Promise;
use crate::report::{Found, every_effect};

/// Builds and lets it sound for a moment.
fn sounds(case: &Case, what: &str, found: &mut Found) {
    let moment = || {
        let Ok(mut processor) = case.try_build() else { return 0.0 };
        let input = case.noise(600.0 / f64::from(case.stream.sample_rate));
        peak(&case.run(&mut *processor, &input, &[256], &[]), 0)
    };
    match catch_unwind(AssertUnwindSafe(moment)) {
        Ok(loudest) if loudest < 1e6 => {}
        Ok(loudest) => found.breach(format!("{}, {what}: a peak of {loudest:e}", case.name)),
        Err(_) => found.breach(format!("{}, {what}: panicked (above)", case.name)),
    }
}

#[test]
fn every_setting_sounds_or_is_refused() {
    every_effect(Promise::Extremes, |spec, found| {
        for layout in layouts(spec) {
            for rate in [44_100, 48_000, 96_000] {
                for case in [Case::plain(spec, *layout, rate), Case::full(spec, *layout, rate)] {
                    if let Err(error) = case.try_build() {
                        found.breach(format!("{} is refused: {error}", case.name));
                    }
                }
            }
            for rate in [8000, 384_000] {
                sounds(&Case::plain(spec, *layout, rate), "at its defaults", found);
            }
        }
        for rate in [8000, 384_000] {
            let layout = *layouts(spec).last().expect("there is one");
            let case = Case::full(spec, layout, rate);
            for (index, place) in case.params().into_iter().flat_map(|index| [(index, 0.0), (index, 1.0)]) {
                let mut case = case.clone();
                let (param, _) = case.settings.at(index);
                case.settings.set_at(index, value_at(param, place)).unwrap();
                sounds(&case, &format!("`{}` at {}", case.settings.address(index), value_at(param, place)), found);
            }
            for draw in 20..24 {
                sounds(&Case::drawn(spec, layout, rate, draw), "drawn", found);
            }
            for place in [0.0, 0.5, 1.0] {
                let mut case = case.clone();
                for index in case.params() {
                    let (param, _) = case.settings.at(index);
                    case.settings.set_at(index, value_at(param, place)).unwrap();
                }
                sounds(&case, &format!("everything at {place} of its travel"), found);
            }
        }
    });
}
