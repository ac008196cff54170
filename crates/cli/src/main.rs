//! the command `tonmeister`
fn main() {}
