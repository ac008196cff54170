//! Every figure that the module promises, computed.

mod bands;
mod design;
mod places;
mod sound;
