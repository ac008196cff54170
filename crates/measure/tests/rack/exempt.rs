//! What the effects of this room cannot keep by their nature: there is nothing.

pub(crate) use crate::promise::{Exemption, Promise};

pub(crate) const EXEMPT: &[Exemption] = &[];
