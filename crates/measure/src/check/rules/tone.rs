//! The spectrum.

use super::Rule;

pub(super) const ALL: &[Rule] = &[];
