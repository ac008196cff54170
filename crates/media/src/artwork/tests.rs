use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage};

use super::resize::smaller;
use super::{Artwork, ArtworkRules};

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn art(picture: &DynamicImage, format: ImageFormat) -> Artwork {
    Artwork::of_bytes(Path::new("cover"), file(picture, format)).unwrap()
}

fn error(bytes: Vec<u8>) -> String {
    Artwork::of_bytes(Path::new("cover.jpg"), bytes).unwrap_err().to_string()
}

fn plain(size: u32) -> DynamicImage {
    RgbImage::from_fn(size, size, |x, y| Rgb([(x * 255 / size) as u8, (y * 255 / size) as u8, 90])).into()
}

/// A chess board of single black and white pixels is, from afar, half the light: 188 of 255 in sRGB, not 128.
#[test]
fn pictures_become_smaller_in_linear_light() {
    let board = RgbImage::from_fn(400, 400, |x, y| Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3]));
    let small = smaller(&board.into(), 50, 50);
    // Away from the edges, where the filter sees as much black as white.
    for (x, y, pixel) in small.enumerate_pixels().filter(|(x, y, _)| (4..46).contains(x) && (4..46).contains(y)) {
        assert!(pixel.0.iter().all(|value| value.abs_diff(188) <= 1), "{x} {y} {pixel:?}");
    }
}

/// A flat color stays what it is to the last bit, at the edges too, whatever the sizes.
#[test]
fn flat_colors_stay() {
    let flat: DynamicImage = RgbImage::from_pixel(301, 257, Rgb([13, 128, 250])).into();
    for (width, height) in [(300, 256), (150, 128), (7, 5), (1, 1)] {
        assert!(smaller(&flat, width, height).pixels().all(|pixel| pixel.0 == [13, 128, 250]), "{width}");
        let deep = DynamicImage::from(flat.to_rgb16());
        assert!(smaller(&deep, width, height).pixels().all(|pixel| pixel.0 == [13, 128, 250]), "{width}");
    }
}

/// A disc's edge stays where it was: the light of each half is equal to a thousandth.
#[test]
fn pictures_stay_in_their_place() {
    let disc = RgbImage::from_fn(700, 700, |x, y| {
        let (x, y) = (f64::from(x) - 349.5, f64::from(y) - 349.5);
        Rgb([if x.hypot(y) < 200.0 { 255 } else { 20 }; 3])
    });
    let small = smaller(&disc.into(), 93, 93);
    let sum = |left: bool| -> u64 {
        let side = small.enumerate_pixels().filter(|(x, ..)| if left { *x < 46 } else { *x > 46 });
        side.map(|(_, _, pixel)| u64::from(pixel.0[0])).sum()
    };
    assert!(sum(true).abs_diff(sum(false)) * 1000 < sum(true), "{} {}", sum(true), sum(false));
}

#[test]
fn covers_are_made_small_enough_and_never_larger() {
    let large = art(&plain(2000), ImageFormat::Png);
    let cover = large.embedded(1400, 1 << 20).unwrap();
    let again = art(&image::load_from_memory(&cover.bytes).unwrap(), ImageFormat::Png);
    assert_eq!((again.size(), cover.mime.as_str(), cover.kind), ((1400, 1400), "image/jpeg", 3));
    let small = art(&plain(300), ImageFormat::Png).embedded(1400, 1 << 20).unwrap();
    assert_eq!(image::load_from_memory(&small.bytes).unwrap().width(), 300, "never larger");
    let bytes = file(&plain(300), ImageFormat::Jpeg);
    let kept = Artwork::of_bytes(Path::new("c"), bytes.clone()).unwrap().embedded(1400, 1 << 20).unwrap();
    assert!(kept.bytes == bytes, "a JPEG that fits is embedded as it is");
    let tight = large.embedded(1400, 60_000).unwrap();
    assert!(tight.bytes.len() <= 60_000);
    let refused = large.embedded(1400, 1000).unwrap_err().to_string();
    assert!(refused.contains("1400 × 1400") && refused.contains("fewer pixels"), "{refused}");
    let wide: DynamicImage = RgbImage::new(2800, 700).into();
    let wide = art(&wide, ImageFormat::Png).embedded(1400, 1 << 20).unwrap();
    assert_eq!(image::load_from_memory(&wide.bytes).unwrap().height(), 350, "the shape stays");
}

#[test]
fn what_shops_refuse_is_told() {
    let codes = |art: &Artwork, rules: &ArtworkRules| -> Vec<&'static str> {
        art.check(rules).iter().map(|diagnostic| diagnostic.code).collect()
    };
    let rules = ArtworkRules { least_side: 300, ..ArtworkRules::default() };
    assert_eq!(codes(&art(&plain(300), ImageFormat::Jpeg), &rules), [""; 0]);
    let wide: DynamicImage = RgbImage::new(400, 200).into();
    assert_eq!(codes(&art(&wide, ImageFormat::Jpeg), &rules), ["art-square", "art-size"]);
    let gray = DynamicImage::from(plain(300).to_luma8());
    assert_eq!(
        codes(&art(&gray, ImageFormat::Jpeg), &ArtworkRules { most_bytes: 100, ..rules }),
        ["art-bytes", "art-gray"]
    );
    assert_eq!(codes(&art(&plain(300), ImageFormat::Png), &ArtworkRules::default()), ["art-size"]);
}

#[test]
fn broken_pictures_are_refused() {
    let good = file(&plain(200), ImageFormat::Jpeg);
    assert!(error(good[..good.len() / 2].to_vec()).contains("cut off"), "half a JPEG");
    assert!(error(good[..100].to_vec()).contains("damaged"));
    let png = file(&plain(200), ImageFormat::Png);
    assert!(error(png[..png.len() / 2].to_vec()).contains("damaged"), "half a PNG");
    assert!(error(b"GIF89a....".to_vec()).contains("save the cover as JPEG or PNG"));
    assert!(error(Vec::new()).contains("empty"));
    let mut clear = RgbaImage::from_pixel(20, 20, image::Rgba([1, 2, 3, 255]));
    assert!(Artwork::of_bytes(Path::new("c"), file(&clear.clone().into(), ImageFormat::Png)).is_ok());
    clear.put_pixel(3, 3, image::Rgba([1, 2, 3, 200]));
    assert!(error(file(&clear.into(), ImageFormat::Png)).contains("transparent"));
    // The frame of a JPEG with four components.
    let at = good.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
    let mut cmyk = good.clone();
    cmyk[at + 9] = 4;
    assert!(error(cmyk).contains("CMYK"));
    // Whatever byte is wrong: a picture or an error.
    for place in (0..good.len()).step_by(7) {
        for value in [0, 0xFF, good[place] ^ 0x10] {
            let mut bytes = good.clone();
            bytes[place] = value;
            let _ = Artwork::of_bytes(Path::new("c"), bytes);
        }
    }
}
