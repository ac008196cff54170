//! What every effect keeps, and what it means not to.

/// What every effect keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Moving parameters: finite, bounded, the same bits in every block size.
    Automation,
    /// No zipper noise from a moving parameter.
    Zipper,
    /// Silence in, silence out.
    Silence,
    /// A key alone is not heard.
    Key,
    /// Silent after its tail.
    Tail,
    /// Non-finite, huge and tiny samples do no lasting harm.
    Poison,
    /// The output is late by the latency.
    Latency,
    /// At a mix of nothing the input comes out untouched, late by the latency.
    Dry,
    /// A reset processor is a new one.
    Reset,
    /// Every setting sounds or is refused.
    Extremes,
    /// Nothing is allocated or freed while it sounds.
    Allocation,
}

/// One thing that one effect need not keep.
pub(crate) struct Exemption {
    /// The effect.
    pub effect: &'static str,
    /// Which parameter (`mix_percent`, `bells/hz`); empty: all of it.
    pub param: &'static str,
    /// What it need not keep.
    pub promise: Promise,
    /// Why.
    pub reason: &'static str,
}

impl Exemption {
    /// Whether a breach at that parameter is excused.
    pub(crate) fn covers(&self, param: &str) -> bool {
        self.param.is_empty() || self.param == param
    }
}
