//! Silence in, silence out.

use tonmeister_core::{Layout, Tail};

use crate::cases::{Case, cases, layouts, peak};
use crate::exempt::Promise;
use crate::report::every_effect;

/// −120 dB.
const SILENT: f64 = 1e-6;
/// Longer tails are tried only with an effect's own defaults.
const PATIENCE_SECONDS: f64 = 6.0;

#[test]
fn what_was_never_fed_is_silent_even_while_parameters_move() {
    every_effect(Promise::Silence, |spec, found| {
        for case in layouts(spec).iter().flat_map(|layout| cases(spec, *layout, 48_000)) {
            let frames = case.latency().min(48_000) + case.frames(0.1);
            let silence = tonmeister_core::Buffer::new(case.stream.layout, frames);
            let output = case.render(&silence, &case.script(&case.movable(), frames));
            let loudest = peak(&output, 0);
            if loudest != 0.0 {
                found.breach(format!("{}: a peak of {loudest:e} with {:?}", case.name, case.settings));
            }
        }
    });
}

#[test]
fn after_the_tail_it_is_silent() {
    every_effect(Promise::Tail, |spec, found| {
        let mut tried = 0;
        for case in cases(spec, *layouts(spec).last().unwrap_or(&Layout::Stereo), 48_000) {
            let mut processor = case.build();
            let sound = case.frames(0.2);
            let Tail::Frames(tail) = processor.tail() else { continue };
            let over = sound + processor.latency().0 as usize + tail as usize;
            let default = case.name.starts_with("plain");
            if !default && over > case.frames(PATIENCE_SECONDS) {
                continue;
            }
            assert!(over < case.frames(120.0), "a tail of {tail} frames with everything at its default");
            let mut input = case.noise(0.2);
            input.append(
                tonmeister_core::Buffer::new(case.stream.layout, over - sound + 4800).view(over - sound + 4800),
            );
            let output = case.run(&mut *processor, &input, &[1024], &[]);
            let (loudest, left) = (peak(&output, 0), peak(&output, over));
            if left > SILENT * loudest.max(0.5) {
                found.breach(format!(
                    "{}: {:.0} dB are left after a tail of {tail} frames with {:?}",
                    case.name,
                    20.0 * (left / loudest.max(0.5)).log10(),
                    case.settings
                ));
            }
            tried += 1;
        }
        if tried == 0 {
            found.breach("no settings were found under which it has an end".into());
        }
    });
}

/// A keyed effect without its own signal has nothing to say, however loud the key.
#[test]
fn a_key_alone_is_not_heard() {
    every_effect(Promise::Key, |spec, found| {
        if !spec.takes_key() {
            return;
        }
        for layout in layouts(spec) {
            let case = Case::full(spec, *layout, 48_000).keyed();
            let silence = tonmeister_core::Buffer::new(*layout, case.frames(0.2));
            if peak(&case.render(&silence, &[]), 0) != 0.0 {
                found.breach(format!("{}: the key is heard", case.name));
            }
        }
    });
}
