//! Renders that are kept for another day. The engine names what it makes; somebody else knows where it lies.

use tonmeister_core::{GainReduction, Layout, Levels, Source, View};

use crate::name::Name;

/// The shape of what a node makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Frames per second.
    pub sample_rate: u32,
    /// Mono or stereo.
    pub layout: Layout,
    /// Its length.
    pub frames: u64,
}

/// A place where renders lie, by name. What it hands out is whole and was made by this very version of the program.
pub trait Shelf: Send + Sync {
    /// The render of that name, if it stands there with that shape or longer.
    fn find(&self, name: &Name, shape: Shape) -> Option<Kept>;

    /// A place to put the render of that name, if there is room for it.
    fn keep(&self, name: &Name, shape: Shape) -> Option<Box<dyn Keeper>>;
}

/// A render that was kept.
pub struct Kept {
    /// The audio, at least as long as was asked for.
    pub source: Box<dyn Source>,
    /// What its inserts told.
    pub told: Told,
}

/// What the inserts of a node have told, each under its place among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What each dynamics processor did.
    pub reductions: Vec<(usize, GainReduction)>,
    /// What each meter heard.
    pub levels: Vec<(usize, Levels)>,
}

/// Takes a render while it is made. What goes wrong costs the copy, never the render.
pub trait Keeper: Send {
    /// The next frames.
    fn push(&mut self, view: View<'_>);

    /// It is complete.
    fn finish(self: Box<Self>, told: &Told);
}
