//! Cells against what they stand for.

use tonmeister_core::Buffer;
use tonmeister_session::model::{Curve, Destination, Lane, Lfo, LfoShape, PanLaw, Point, Strip, Target};
use tonmeister_session::tables::{STRIP, place};

use super::*;

const RATE: u32 = 48_000;
const FRAMES: usize = 96_000;

fn moving(param: &str, points: &[(f64, f64, Curve)], lfos: Vec<Lfo>) -> Strip {
    let mut strip = Strip::new(Some(Destination::Master));
    let points = points.iter().map(|&(time_s, value, curve)| Point::new(time_s, value, curve)).collect();
    strip.automation = vec![Lane { lfos, ..Lane::new(Target::Strip(place(STRIP, param)), points) }];
    strip
}

fn gains(strip: &Strip, layout: Layout) -> Gains {
    Gains::new(strip, layout, Path::Output, PanLaw::Minus3, RATE)
}

/// What a steady one becomes, in blocks.
fn through(strip: &Strip, layout: Layout, block: usize) -> [Vec<f64>; 2] {
    let ones = match layout {
        Layout::Mono => Buffer::from_mono(vec![1.0; block]),
        Layout::Stereo => Buffer::from_stereo(vec![1.0; block], vec![0.5; block]),
    };
    let mut gains = gains(strip, layout);
    let mut sums = [vec![0.0; FRAMES], vec![0.0; FRAMES]];
    for from in (0..FRAMES).step_by(block) {
        let frames = block.min(FRAMES - from);
        let parts = sums.each_mut().map(|sum| &mut sum[from..from + frames]);
        gains.add(from as i64, ones.view(frames), parts);
    }
    sums
}

/// Rides, swings, cuts and corners: the sums lie within 9e-8 of what every frame computed alone gives, which is
/// −141 dB of the gain, and the same bits come out of any block. Measured: at most 4.1e-8.
#[test]
fn what_is_drawn_through_a_few_values_is_the_curve() {
    let swing = |shape, hz| Lfo { shape, from_s: 0.3, to_s: Some(1.5), ..Lfo::sine(hz, 3.0) };
    let bezier = Curve::Bezier([0.9, 0.0, 0.1, 1.0]);
    let cases = [
        moving("fader_db", &[(0.1, -6.0, Curve::Hold), (1.9, 3.0, Curve::DbLinear)], Vec::new()),
        moving("fader_db", &[(0.1, -60.0, Curve::Hold), (0.2, 3.0, Curve::DbLinear)], Vec::new()),
        moving("fader_db", &[(0.5, -9.0, Curve::Hold), (0.6, 3.0, Curve::S), (1.0, -20.0, bezier)], Vec::new()),
        moving(
            "fader_db",
            &[(0.2, 0.0, Curve::Hold), (0.7, -150.0, Curve::Hold), (1.0, 0.0, Curve::Linear)],
            Vec::new(),
        ),
        moving("fader_db", &[(0.2, 0.0, Curve::Hold), (1.2, -40.0, Curve::Bend(8.0))], Vec::new()),
        moving("fader_db", &[], vec![swing(LfoShape::Sine, 20.0)]),
        moving(
            "fader_db",
            &[(0.0, -3.0, Curve::Hold), (1.0, 0.0, Curve::DbLinear)],
            vec![swing(LfoShape::Triangle, 9.0)],
        ),
        moving("fader_db", &[], vec![swing(LfoShape::Square, 5.0)]),
        moving("pan", &[(0.1, -1.0, Curve::Hold), (1.0, 1.0, Curve::Linear), (1.1, 0.0, Curve::S)], Vec::new()),
        moving("width", &[(0.1, 1.0, Curve::Hold), (1.0, 0.0, Curve::Linear), (1.5, 1.5, Curve::S)], Vec::new()),
    ];
    let mut worst = 0.0_f64;
    for (number, strip) in cases.iter().enumerate() {
        for layout in [Layout::Mono, Layout::Stereo] {
            let sums = through(strip, layout, 4096);
            let exact = gains(strip, layout);
            for (frame, (left, right)) in sums[0].iter().zip(&sums[1]).enumerate() {
                let [[a, b], [c, d]] = exact.at(frame as i64, &Resting::default());
                let other = if layout == Layout::Mono { 0.0 } else { 0.5 };
                let missed = (left - (a + other * b)).abs().max((right - (c + other * d)).abs());
                let largest = a.abs().max(b.abs()).max(c.abs()).max(d.abs()).max(1e-3);
                worst = worst.max(missed / largest);
                assert!(missed <= 9e-8 * largest, "case {number}, {layout:?}, frame {frame}: {missed:e} of {largest}");
            }
            for block in [1, 100, 999] {
                assert!(through(strip, layout, block) == sums, "case {number}, {layout:?} in blocks of {block}");
            }
        }
    }
    println!("at most {worst:.1e} of the gain");
}

/// A cell that rests is bit for bit what stands still: no slope, no bend.
#[test]
fn what_rests_in_a_cell_has_no_slope() {
    let strip = moving("fader_db", &[(0.0, -6.0, Curve::Hold), (1.0, -6.0, Curve::Linear)], Vec::new());
    let gains = gains(&strip, Layout::Stereo);
    let rest = Resting::default();
    let cell = Cell::around(&gains, 1300, None, &rest);
    let (drawn, first) = cell.drawn(1300).unwrap();
    assert_eq!(first, 1300 - 1024);
    assert!(matches!(drawn, Drawn::Ridden(_, [_, 0.0, 0.0, 0.0])), "{drawn:?}");
}
