//! the verbs of Tonmeister: demo, new, mix, master, measure, check
#![forbid(unsafe_code)]
