//! The picture of a stereo sound in the plane of its channels.

use serde::Serialize;

/// Cells along each side; odd, so that mono lies in the middle of one.
const SIDE: usize = 161;
/// Sectors of the polar picture, over half a turn.
const SECTORS: usize = 61;
/// The smallest half-width of the picture: −90 dB.
const LEAST: f64 = 3.0517578125e-5;

/// Where the sound was in the plane of its channels, turned by 45° as goniometers show it: mono stands upright, the
/// left channel leans to the left, what is out of phase lies flat.
///
/// A point is `x = (R − L) / √2`, `y = (L + R) / √2`. The picture zooms by itself: [`Goniometer::reach`] is the smallest
/// power of two that holds every sample.
#[derive(Clone, PartialEq, Serialize)]
pub struct Goniometer {
    /// Cells along each side; odd.
    pub side: usize,
    /// What the middle of an outermost cell stands for, in x or y; the middle cell stands for 0.
    pub reach: f64,
    /// How often the sound was in each cell, as a share of all frames; rows from the bottom (y = −reach) up, each from
    /// the left (x = −reach) to the right.
    pub cells: Vec<f32>,
    /// Where the power goes: its share in each direction from −90° (left pushes as right pulls) over −45° (left), 0°
    /// (mono) and 45° (right) to 90°, in equal sectors around these.
    pub polar: Vec<f32>,
    /// The direction of the axis along which the sound extends most: 0 for mono, −45 for left, 45 for right, ±90 turned.
    /// `None` in silence.
    pub axis_degrees: Option<f64>,
}

impl Goniometer {
    /// The share of frames in a cell, counted from the middle: `x` to the right, `y` up.
    pub fn at(&self, x: i32, y: i32) -> f32 {
        let half = (self.side / 2) as i32;
        let inside = |v: i32| (-half..=half).contains(&v).then_some((v + half) as usize);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.cells[y * self.side + x],
            _ => 0.0,
        }
    }

    /// The directions of the middles of the sectors of [`Goniometer::polar`], in degrees.
    pub fn directions(&self) -> impl Iterator<Item = f64> + use<> {
        let sectors = self.polar.len();
        (0..sectors).map(move |k| 180.0 * k as f64 / (sectors.max(2) - 1) as f64 - 90.0)
    }
}

impl std::fmt::Debug for Goniometer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Goniometer(reach {}, axis {:?}°)", self.reach, self.axis_degrees)
    }
}

/// Draws a [`Goniometer`]: of everything heard, or for the eye with old points fading.
#[derive(Clone)]
pub struct GoniometerMeter {
    reach: f64,
    cells: Vec<f64>,
    spare: Vec<f64>,
    polar: Vec<f64>,
    /// Upper limits of the sectors, in terms of `x / (|x| + |y|)`.
    limits: Vec<f64>,
    /// Sector by a fine division of the same measure: the sector in which each begins.
    first: Vec<u16>,
    /// Σ x², Σ y², Σ x·y.
    moments: [f64; 3],
    /// What a new point counts, and by how much more the next.
    weight: f64,
    growth: f64,
    total: f64,
}

impl GoniometerMeter {
    /// Keeps everything.
    pub fn new() -> Self {
        GoniometerMeter::growing(1.0)
    }

    /// Lets points fade by a time constant in seconds.
    pub fn fading(sample_rate: u32, seconds: f64) -> Self {
        GoniometerMeter::growing((1.0 / (seconds.max(1e-3) * f64::from(sample_rate.max(1)))).exp())
    }

    fn growing(growth: f64) -> Self {
        // Sectors around −90°, −87°, …: the outermost two are half as wide, they are the same line.
        let limit = |k: usize| {
            let angle = (180.0 * (k as f64 + 0.5) / (SECTORS - 1) as f64 - 90.0).to_radians();
            if k + 1 < SECTORS { angle.sin() / (angle.sin().abs() + angle.cos().abs()) } else { 2.0 }
        };
        let limits: Vec<f64> = (0..SECTORS).map(limit).collect();
        let begins = |k: usize| limits.partition_point(|l| *l <= k as f64 / 128.0 - 1.0) as u16;
        GoniometerMeter {
            reach: LEAST,
            cells: vec![0.0; SIDE * SIDE],
            spare: vec![0.0; SIDE * SIDE],
            polar: vec![0.0; SECTORS],
            first: (0..=256).map(begins).collect(),
            limits,
            moments: [0.0; 3],
            weight: 1.0,
            growth,
            total: 0.0,
        }
    }

    /// Hears more of both channels. Samples that are no numbers are heard as silence.
    pub fn push(&mut self, left: &[f32], right: &[f32]) {
        let half = (SIDE / 2) as f64;
        let mut per_cell = half / self.reach;
        for (l, r) in left.iter().zip(right) {
            let [l, r] = [*l, *r].map(|v| if v.is_finite() { f64::from(v) } else { 0.0 });
            let (x, y) = ((r - l) * std::f64::consts::FRAC_1_SQRT_2, (l + r) * std::f64::consts::FRAC_1_SQRT_2);
            let extent = x.abs().max(y.abs());
            while extent > self.reach {
                self.zoom_out();
                per_cell = half / self.reach;
            }
            let cell = |v: f64| (v * per_cell + half + 0.5) as usize;
            let (column, row) = (cell(x).min(SIDE - 1), cell(y).min(SIDE - 1));
            self.cells[row * SIDE + column] += self.weight;
            self.total += self.weight;
            if extent > 0.0 {
                let (xx, yy) = (x * x * self.weight, y * y * self.weight);
                let t = if y < 0.0 { -x } else { x } / (x.abs() + y.abs());
                let mut sector = usize::from(self.first[(t * 128.0 + 128.0) as usize]);
                while t > self.limits[sector] {
                    sector += 1;
                }
                self.polar[sector] += xx + yy;
                self.moments[0] += xx;
                self.moments[1] += yy;
                self.moments[2] += x * y * self.weight;
            }
            self.weight *= self.growth;
            if self.weight > 1e100 {
                self.rescale();
            }
        }
    }

    /// What counts exponentially more and more must be brought back at times.
    fn rescale(&mut self) {
        let by = 1.0 / self.weight;
        self.cells.iter_mut().chain(&mut self.polar).chain(&mut self.moments).for_each(|v| *v *= by);
        self.total *= by;
        self.weight = 1.0;
    }

    /// Doubles the reach. Old cells at odd places lie across two new ones and go half to each.
    fn zoom_out(&mut self) {
        let half = (SIDE / 2) as i64;
        // The old cell at distance d has its middle at d/2 of the new ones.
        let parts = |at: usize| {
            let d = at as i64 - half;
            let (a, b) = (d.div_euclid(2), d.div_euclid(2) + d.rem_euclid(2));
            [(a + half) as usize, (b + half) as usize]
        };
        self.spare.fill(0.0);
        for row in 0..SIDE {
            for column in 0..SIDE {
                let quarter = 0.25 * self.cells[row * SIDE + column];
                if quarter > 0.0 {
                    for r in parts(row) {
                        for c in parts(column) {
                            self.spare[r * SIDE + c] += quarter;
                        }
                    }
                }
            }
        }
        std::mem::swap(&mut self.cells, &mut self.spare);
        self.reach *= 2.0;
    }

    /// The picture as it is now.
    pub fn picture(&self) -> Goniometer {
        let share = |values: &[f64], total: f64| -> Vec<f32> {
            let by = if total > 0.0 { 1.0 / total } else { 0.0 };
            values.iter().map(|v| (v * by) as f32).collect()
        };
        let [xx, yy, xy] = self.moments;
        let power: f64 = xx + yy;
        let mut polar = self.polar.clone();
        // Both ends are one direction.
        let flat = 0.5 * (polar[0] + polar[SECTORS - 1]);
        (polar[0], polar[SECTORS - 1]) = (flat, flat);
        Goniometer {
            side: SIDE,
            reach: self.reach,
            cells: share(&self.cells, self.total),
            polar: share(&polar, power),
            axis_degrees: (power > 0.0).then(|| 0.5 * (2.0 * xy).atan2(yy - xx).to_degrees()),
        }
    }
}

impl Default for GoniometerMeter {
    fn default() -> Self {
        GoniometerMeter::new()
    }
}
