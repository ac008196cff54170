//! Every processor of Tonmeister, and the mathematics they stand on.
//!
//! Each effect is a settings struct with one static [`EffectSpec`](tonmeister_core::EffectSpec) and a processor that
//! is born ready from it; [`rack`] lists them all. Buffers are planar `f32`; states, coefficients and detectors are
//! `f64`. Every processor gives the same bits however its input is cut into blocks ([`testing`] proves it).
//!
//! This crate knows no file, thread, clock, serialisation or document.

pub mod adaa;
pub mod biquad;
pub mod clipper;
pub mod color;
mod control;
pub mod convolution;
pub mod convolve;
pub mod crossover;
pub mod deesser;
pub mod delay;
pub mod distance;
pub mod dither;
pub mod dynamics;
pub mod eq;
pub mod limiter;
mod line;
pub mod math;
pub mod modulation;
pub mod multiband;
pub mod oversample;
pub mod repair;
pub mod resample;
pub mod reverb;
pub mod rider;
pub mod simd;
pub mod stereo;
pub mod testing;
mod travel;
pub mod truepeak;
pub mod utility;
mod wet;

/// Every effect that a document can name, shelf by shelf ([`Family`](tonmeister_core::Family)).
pub fn rack() -> tonmeister_core::Registry {
    tonmeister_core::Registry::new()
        // Equalizers
        .with::<eq::Eq>()
        .with::<eq::graphic::Graphic>()
        .with::<eq::graphic::Graphic31>()
        .with::<eq::baxandall::Baxandall>()
        .with::<eq::semi::SemiParametric>()
        .with::<eq::linear::LinearEq>()
        .with::<eq::dynamic::DynamicEq>()
        // Dynamics
        .with::<dynamics::Compressor>()
        .with::<dynamics::Expander>()
        .with::<dynamics::UpwardCompressor>()
        .with::<dynamics::Gate>()
        .with::<dynamics::TransientShaper>()
        .with::<limiter::Limiter>()
        .with::<clipper::Clipper>()
        .with::<multiband::Multiband>()
        .with::<deesser::DeEsser>()
        .with::<rider::Rider>()
        // Space
        .with::<delay::Delay>()
        .with::<reverb::Reverb>()
        .with::<convolution::Convolution>()
        .with::<distance::Distance>()
        // Modulation
        .with::<modulation::Tremolo>()
        .with::<modulation::AutoPan>()
        .with::<modulation::Vibrato>()
        .with::<modulation::Chorus>()
        .with::<modulation::Ensemble>()
        .with::<modulation::Flanger>()
        .with::<modulation::Phaser>()
        .with::<modulation::Rotary>()
        // Color
        .with::<color::Saturator>()
        .with::<color::Bitcrusher>()
        .with::<color::Tape>()
        .with::<color::Exciter>()
        .with::<color::BassEnhancer>()
        // Stereo
        .with::<stereo::MidSide>()
        .with::<stereo::Width>()
        .with::<stereo::MonoMaker>()
        .with::<stereo::Rotation>()
        .with::<stereo::Decorrelator>()
        .with::<stereo::BalanceCorrector>()
        .with::<stereo::Haas>()
        // Repair
        .with::<repair::Declick>()
        .with::<repair::Declip>()
        .with::<repair::Denoise>()
        .with::<repair::Dehum>()
        .with::<repair::PhaseRotation>()
        .with::<repair::Deplosive>()
        .with::<repair::Breath>()
        // Utility
        .with::<utility::Gain>()
        .with::<utility::Channels>()
        .with::<utility::DcBlocker>()
        .with::<utility::TestSignal>()
}
