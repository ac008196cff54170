//! How long work tells whoever waits for it that it moves.
//!
//! A verb calls [`Progress::begin`] with what it is about to do and how much of it there is, [`Progress::advance`]
//! as it goes (often; a listener that draws must itself be cheap), and [`Progress::end`] when that step is done.
//! Steps follow one another and never nest. The command line draws bars; [`Silent`] is for everybody else.

/// Somebody who wants to know how far long work has come.
pub trait Progress {
    /// A step begins: what it does ("Mixing"), and how many units of work (frames, files) it has.
    fn begin(&mut self, what: &str, total: u64);

    /// So many units more are done. The sum may fall short of `total` when the step turns out smaller.
    fn advance(&mut self, units: u64);

    /// The step is over.
    fn end(&mut self);
}

impl<P: Progress + ?Sized> Progress for &mut P {
    fn begin(&mut self, what: &str, total: u64) {
        (**self).begin(what, total);
    }

    fn advance(&mut self, units: u64) {
        (**self).advance(units);
    }

    fn end(&mut self) {
        (**self).end();
    }
}

/// Nobody waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _what: &str, _total: u64) {}
    fn advance(&mut self, _units: u64) {}
    fn end(&mut self) {}
}
