//! The command as its tests run it, and what it said.

use std::process::{Command, Output};

use serde_json::Value;

pub(crate) fn tonmeister(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tonmeister")).args(arguments).output().expect("the command starts")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("the command ends by itself")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8 on standard output")
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8 on standard error")
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {}", out(output)))
}
