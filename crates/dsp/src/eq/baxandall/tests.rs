use tonmeister_core::Layout;

use super::circuit::{Knobs, Network};
use super::*;
use crate::modulation::bench::{assert_house_rules, assert_no_zipper};
use crate::testing::{run, stereo_noise};

fn set(bass_db: f64, treble_db: f64) -> Settings {
    Settings::new(&SPEC).with("bass_db", bass_db).with("treble_db", treble_db)
}

/// A complex number, for an independent look at the circuit.
#[derive(Clone, Copy)]
struct Complex(f64, f64);

impl Complex {
    fn plus(self, other: Complex) -> Complex {
        Complex(self.0 + other.0, self.1 + other.1)
    }

    fn times(self, other: Complex) -> Complex {
        Complex(self.0 * other.0 - self.1 * other.1, self.0 * other.1 + self.1 * other.0)
    }

    fn over(self, other: Complex) -> Complex {
        let size = other.0 * other.0 + other.1 * other.1;
        self.times(Complex(other.0 / size, -other.1 / size))
    }
}

/// Kirchhoff's law at one frequency, with impedances as numbers: |H| in dB. Potentiometers at `a` and `c` (0 to 1, from
/// the input's side), capacitors in nF.
fn kirchhoff(a: f64, c: f64, bass_nf: f64, treble_nf: f64, hz: f64) -> f64 {
    let w = std::f64::consts::TAU * hz;
    let ohms = |kilo: f64| Complex(1000.0 * kilo, 0.0);
    let cap = |nano: f64| Complex(0.0, -1.0 / (w * nano * 1e-9));
    let beside = |one: Complex, other: Complex| one.times(other).over(one.plus(other));
    let half = |part: f64| ohms(10.0).plus(beside(ohms(100.0 * part), cap(bass_nf)));
    let arms =
        [(half(a), half(1.0 - a), ohms(22.0)), (ohms(3.3 + 100.0 * c), ohms(3.3 + 100.0 * (1.0 - c)), cap(treble_nf))];
    let (mut back, mut there) = (Complex(0.0, 0.0), Complex(0.0, 0.0));
    for (za, zb, zw) in arms {
        let d = za.times(zb).plus(zw.times(za.plus(zb)));
        back = back.plus(zb.over(d));
        there = there.plus(za.over(d));
    }
    let h = back.over(there);
    10.0 * (h.0 * h.0 + h.1 * h.1).log10()
}

#[test]
fn the_network_is_the_circuit() {
    // Capacitors and positions worked out by hand from the definitions of the knobs.
    let (bass_nf, treble_nf) = (
        0.021_594_384_664_370_3 / (std::f64::consts::TAU * 80.0) * 1e6,
        0.034_339_669_030_975 / (std::f64::consts::TAU * 7000.0) * 1e6,
    );
    let gain = 10f64.powf(9.0 / 20.0);
    let a = (110.0 - gain * 10.0) / (100.0 * (1.0 + gain));
    // The treble's position by halving: at 1 GHz it has to do −7 dB.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if kirchhoff(a, middle, bass_nf, treble_nf, 1e9) > -7.0 { low = middle } else { high = middle }
    }
    let network = Network::new(&Knobs { bass_db: 9.0, treble_db: -7.0, bass_hz: 80.0, treble_hz: 7000.0 });
    for n in 0..100 {
        let hz = 5.0 * 8000f64.powf(f64::from(n) / 99.0);
        let (ours, theirs) = (10.0 * network.power(hz).log10(), kirchhoff(a, low, bass_nf, treble_nf, hz));
        assert!((ours - theirs).abs() < 1e-5, "{hz} Hz: {ours} against {theirs} dB");
    }
}

#[test]
fn it_keeps_the_circuits_shape_to_20_khz() {
    // Asked: 0.15 dB. Reached: 0.049 dB at 44.1 kHz, 0.046 at 48 kHz, 0.013 at 96 kHz.
    for rate in [44_100, 48_000, 96_000, 192_000] {
        let mut worst = 0.0_f64;
        for (bass_hz, treble_hz) in [(40.0, 5000.0), (70.0, 7000.0), (120.0, 5000.0), (120.0, 12_000.0)] {
            for (bass, treble) in (-5..=5).flat_map(|bass| (-5..=5).map(move |treble| (bass, treble))) {
                let (bass_db, treble_db) = (3.0 * f64::from(bass), 3.0 * f64::from(treble));
                let network = Network::new(&Knobs { bass_db, treble_db, bass_hz, treble_hz });
                let hz: Vec<f64> = (0..=100).map(|n| 10.0 * 2000f64.powf(f64::from(n) / 100.0)).collect();
                let settings = set(bass_db, treble_db).with("bass_hz", bass_hz).with("treble_hz", treble_hz);
                let got = response(&settings, rate, &hz);
                let miss = hz.iter().zip(&got).map(|(hz, got)| (got - 10.0 * network.power(*hz).log10()).abs());
                worst = miss.fold(worst, f64::max);
            }
        }
        println!("{rate} Hz: {worst:.4} dB off the circuit");
        assert!(worst <= 0.06, "{worst} dB at {rate} Hz");
    }
}

#[test]
fn knobs_do_what_is_written() {
    for db in [-15.0, -6.0, 3.0, 15.0] {
        assert!((response(&set(db, 0.0), 48_000, &[0.01])[0] - db).abs() < 1e-3);
        let far = Network::new(&Knobs { bass_db: 0.0, treble_db: db, bass_hz: 100.0, treble_hz: 5000.0 });
        assert!((10.0 * far.power(1e8).log10() - db).abs() < 1e-3);
    }
    // Half of 12 dB at the frequency.
    let bass = response(&set(12.0, 0.0).with("bass_hz", 100.0), 48_000, &[100.0])[0];
    let treble = response(&set(0.0, 12.0), 48_000, &[5000.0])[0];
    assert!((bass - 6.0).abs() < 0.3 && (treble - 6.0).abs() < 0.3, "{bass}, {treble}");
}

#[test]
fn in_the_middle_it_is_not_there() {
    let input = stereo_noise(1, 0.9, 5000);
    let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 512, seed: 0 };
    let out = run(&mut *Baxandall::from_settings(&set(0.0, 0.0)).build(&stream).unwrap(), &input, &[512], &[]);
    assert!(out == input);
}

#[test]
fn knobs_turn_without_a_zip() {
    // Asked: −100 dB. Reached: −108 dB or less.
    let moves = [("bass_db", -15.0, 15.0), ("treble_db", 15.0, -15.0), ("output_db", -12.0, 6.0)];
    assert_no_zipper::<Baxandall>(&set(3.0, -3.0), &moves, -100.0);
    let moves = [("bass_hz", 40.0, 120.0), ("treble_hz", 5000.0, 12_000.0)];
    assert_no_zipper::<Baxandall>(&set(15.0, 15.0), &moves, -100.0);
}

#[test]
fn house_rules() {
    assert_house_rules::<Baxandall>(&set(9.0, -7.0));
    assert_house_rules::<Baxandall>(&set(-15.0, 15.0).with("treble_hz", 12_000.0).with("bass_hz", 40.0));
}
