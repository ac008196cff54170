//! AIFF and AIFF-C (Apple, *Audio Interchange File Format*, 1989 and 1991): the linear kinds.

pub(crate) mod read;
pub(crate) mod write;
