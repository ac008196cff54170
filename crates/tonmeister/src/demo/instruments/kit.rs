//! A drum kit's drums: struck skins as decaying modes, with the noises that a microphone close to them hears.
//!
//! Modal synthesis (Adrien, "The missing link: modal synthesis", in *Representations of Musical Signals*, 1991): a skin
//! is the sum of its modes, each a sine that dies away by itself; the pitch of a hard stroke falls as the skin slackens.

use super::arithmetic::{RATE, decay, exp2, sine};
use super::filter::{Mode, Svf};
use crate::chance::Random;

/// A sine that falls from the beater's click to the skin's note, a box, a click.
pub(crate) fn strike_kick(out: &mut [f32], force: f64, hand: &mut Random) {
    let mut turns = 0.0;
    let (mut fast, mut slow, mut body) = (1.0, 1.0, force);
    let (fast_decay, slow_decay) = (decay(0.028), decay(0.17));
    // Harder strokes ring longer.
    let body_decay = decay(0.34 + 0.2 * force);
    let mut box_ring = Mode::struck(338.0, 0.13 * force, 0.22);
    let mut shell = Mode::struck(171.0, 0.16 * force, 0.2);
    let mut beater = Svf::new(3300.0, 0.9);
    let (mut click, click_decay) = (0.95 * force * force, decay(0.022));
    for (i, sample) in out.iter_mut().enumerate() {
        let hz = 50.5 + 58.0 * slow + 240.0 * fast * force;
        turns += hz / RATE;
        turns -= f64::from(turns >= 1.0);
        let attack = (i as f64 / 40.0).min(1.0);
        let skin = sine(turns) * body * attack;
        // A skin stretched far pulls back harder: a little third harmonic.
        let skin = skin * (1.0 - 0.12 * skin * skin);
        let knock = beater.step(hand.signed()).band * click;
        *sample += (skin + box_ring.step() + shell.step() + knock) as f32;
        fast *= fast_decay;
        slow *= slow_decay;
        body *= body_decay;
        click *= click_decay;
    }
}

/// Two modes of the skin, the shell's ring, the wires below, the stick above.
pub(crate) fn strike_snare(out: &mut [f32], force: f64, hand: &mut Random) {
    let detune = 1.0 + 0.006 * hand.human();
    let mut skin = [
        Mode::struck(187.0 * detune, 0.62 * force, 0.16 + 0.1 * force),
        Mode::struck(331.0 * detune, 0.3 * force, 0.15),
        Mode::struck(562.0 * detune, 0.15 * force, 0.34),
        Mode::struck(914.0 * detune, 0.1 * force, 0.1),
    ];
    let mut wires = Svf::new(2400.0 + 1600.0 * force, 0.6);
    let mut fizz = Svf::new(6200.0, 0.7);
    let mut stick = Svf::new(1250.0, 1.1);
    let (mut wire, wire_decay) = (0.56 * force * exp2(force - 1.0), decay(0.12 + 0.27 * force));
    let (mut crack, crack_decay) = (0.6 * force, decay(0.03));
    for (i, sample) in out.iter_mut().enumerate() {
        // The wires answer a little after the skin.
        let answer = (i as f64 / 150.0).min(1.0);
        let noise = hand.signed();
        let below = wires.step(noise).band * 1.1 + fizz.step(noise).high * 0.5;
        let tone: f64 = skin.iter_mut().map(Mode::step).sum();
        let above = stick.step(hand.signed()).band * crack;
        *sample += (tone + below * wire * answer + above) as f32;
        wire *= wire_decay;
        crack *= crack_decay;
    }
}
