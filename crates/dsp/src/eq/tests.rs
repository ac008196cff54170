//! Every figure that the module promises, computed.

mod design;
mod sound;
