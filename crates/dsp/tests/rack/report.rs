//! Walks over the rack and says what was found.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tonmeister_core::EffectSpec;

use crate::exempt::{EXEMPT, Promise};
use crate::rack;

/// No more breaches than this are printed for an effect.
const MOST: usize = 6;

/// Longer lines (of settings) are cut.
const WIDEST: usize = 1000;

/// What one effect has broken.
#[derive(Default)]
pub(crate) struct Found {
    /// The parameter (`mix_percent`, `bells/hz`; empty for the whole effect), and what happened.
    breaches: Vec<(String, String)>,
}

impl Found {
    /// The whole effect has broken the promise.
    pub(crate) fn breach(&mut self, what: String) {
        self.breaches.push((String::new(), what));
    }

    /// A parameter has broken the promise.
    pub(crate) fn breach_of(&mut self, param: &str, what: String) {
        self.breaches.push((param.into(), what));
    }
}

/// Whether `RACK` leaves this effect in.
fn chosen(id: &str) -> bool {
    std::env::var("RACK").map_or(true, |names| names.split(',').any(|name| name == id))
}

/// Tries every effect of the rack. A panic is a breach like any other.
pub(crate) fn every_effect(promise: Promise, check: impl Fn(&'static EffectSpec, &mut Found)) {
    let mut report = Vec::new();
    for spec in rack().specs().filter(|spec| chosen(spec.id)) {
        let mut found = Found::default();
        if catch_unwind(AssertUnwindSafe(|| check(spec, &mut found))).is_err() {
            found.breach("it panicked (above)".into());
        }
        let mine: Vec<_> = EXEMPT.iter().filter(|e| e.promise == promise && e.effect == spec.id).collect();
        for exemption in &mine {
            if !found.breaches.iter().any(|(param, _)| exemption.covers(param)) {
                report.push(format!("{}: the exemption of `{}` is stale", spec.id, exemption.param));
            }
        }
        let left: Vec<_> = found.breaches.iter().filter(|(param, _)| !mine.iter().any(|e| e.covers(param))).collect();
        report.extend(left.iter().take(MOST).map(|(param, what)| format!("{} {param}: {what}", spec.id)));
        if left.len() > MOST {
            report.push(format!("{}: and {} more", spec.id, left.len() - MOST));
        }
    }
    for exemption in EXEMPT.iter().filter(|e| e.promise == promise) {
        assert!(exemption.reason.len() > 20, "an exemption of {} has no reason", exemption.effect);
        if rack().spec(exemption.effect).is_none() {
            report.push(format!("`{}` is exempt and not in the rack", exemption.effect));
        }
    }
    let report: Vec<String> = report.into_iter().map(|line| line.chars().take(WIDEST).collect()).collect();
    assert!(report.is_empty(), "{promise:?}:\n  {}", report.join("\n  "));
}
