//! compile a song into a plan and run it
#![forbid(unsafe_code)]
