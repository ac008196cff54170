//! Making a picture smaller: a separable Lanczos filter of three lobes, as wide as the reduction asks for, in linear
//! light (the sRGB curve, IEC 61966-2-1). Rows come and go, so that memory is bounded by the small picture's width.

use std::collections::VecDeque;
use std::f32::consts::PI;

use image::{DynamicImage, RgbImage};

/// Lobes of the filter on each side.
const LOBES: f32 = 3.0;

/// The weights of the source pixels that make one pixel: where they begin, and they.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// For every pixel of the smaller side; weights sum to 1, and pixels beyond the edge do not count.
fn taps(from: u32, to: u32) -> Vec<Taps> {
    let scale = (from as f32 / to as f32).max(1.0);
    let reach = LOBES * scale;
    let tap = |place: u32| {
        let center = (place as f32 + 0.5) * from as f32 / to as f32 - 0.5;
        let first = (center - reach).ceil().max(0.0) as usize;
        let last = ((center + reach).floor() as usize).min(from as usize - 1);
        let mut weights: Vec<f32> = (first..=last).map(|at| lanczos((at as f32 - center) / scale)).collect();
        let sum: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        Taps { first, weights }
    };
    (0..to).map(tap).collect()
}

fn lanczos(x: f32) -> f32 {
    if x == 0.0 {
        1.0
    } else if x.abs() >= LOBES {
        0.0
    } else {
        (PI * x).sin() * (PI * x / LOBES).sin() * LOBES / (PI * PI * x * x)
    }
}

/// The picture in that size, which is not larger; 8 bits, three channels.
pub(super) fn smaller(picture: &DynamicImage, width: u32, height: u32) -> RgbImage {
    let (from_width, from_height) = (picture.width(), picture.height());
    if (width, height) == (from_width, from_height) {
        return picture.to_rgb8();
    }
    let columns = taps(from_width, width);
    let light = Light::new(picture);
    let mut row = vec![0.0; from_width as usize * 3];
    // Rows that were made narrow and may still be needed; the first of them is row `top`.
    let (mut rows, mut top): (VecDeque<Vec<f32>>, usize) = (VecDeque::new(), 0);
    let mut out = RgbImage::new(width, height);
    for (y, taps) in taps(from_height, height).into_iter().enumerate() {
        while top < taps.first {
            rows.pop_front();
            top += 1;
        }
        while top + rows.len() < taps.first + taps.weights.len() {
            light.row(top + rows.len(), &mut row);
            rows.push_back(narrow(&row, &columns));
        }
        let mut sum = vec![0.0_f32; width as usize * 3];
        for (line, weight) in rows.iter().zip(&taps.weights) {
            for (sum, light) in sum.iter_mut().zip(line) {
                *sum += light * weight;
            }
        }
        for (x, light) in sum.chunks_exact(3).enumerate() {
            out.put_pixel(x as u32, y as u32, image::Rgb([light[0], light[1], light[2]].map(encoded)));
        }
    }
    out
}

fn narrow(row: &[f32], columns: &[Taps]) -> Vec<f32> {
    let mut out = Vec::with_capacity(columns.len() * 3);
    for taps in columns {
        let mut sum = [0.0; 3];
        for (pixel, weight) in row[taps.first * 3..].chunks_exact(3).zip(&taps.weights) {
            for (sum, light) in sum.iter_mut().zip(pixel) {
                *sum += light * weight;
            }
        }
        out.extend_from_slice(&sum);
    }
    out
}

/// A picture whose rows are read as light.
struct Light<'a> {
    picture: &'a DynamicImage,
    /// The light of every value: 256 of them, or 65536.
    table: Vec<f32>,
}

impl Light<'_> {
    fn new(picture: &DynamicImage) -> Light<'_> {
        let most = if picture.as_rgb16().is_some() { u16::MAX } else { u16::from(u8::MAX) };
        let table = (0..=most).map(|value| linear(f32::from(value) / f32::from(most))).collect();
        Light { picture, table }
    }

    fn row(&self, y: usize, out: &mut [f32]) {
        let width = out.len();
        if let Some(picture) = self.picture.as_rgb16() {
            let values = &picture.as_raw()[y * width..][..width];
            out.iter_mut().zip(values).for_each(|(out, value)| *out = self.table[usize::from(*value)]);
        } else if let Some(picture) = self.picture.as_rgb8() {
            let values = &picture.as_raw()[y * width..][..width];
            out.iter_mut().zip(values).for_each(|(out, value)| *out = self.table[usize::from(*value)]);
        }
    }
}

/// Light of a stored value, both 0 to 1.
fn linear(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The stored value of light, in 8 bits.
fn encoded(light: f32) -> u8 {
    let value = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (value * 255.0).round().clamp(0.0, 255.0) as u8
}
