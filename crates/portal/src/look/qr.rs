//! A QR code as a picture: what a phone is to read off the page.

#[cfg(test)]
mod reader;

use maud::{Markup, html};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The light border that scanners need, in modules (ISO/IEC 18004).
const QUIET: usize = 4;

/// The code of `content`, and its `name` for those who do not see it; none if it is too long for any. Dark on light by
/// night too: many scanners read nothing else.
pub(crate) fn qr(content: &str, name: &str) -> Option<Markup> {
    let code = (1..=40).find_map(|version| encoded(content, Version::Normal(version)))?;
    let side = code.width().saturating_add(QUIET.saturating_mul(2));
    Some(html! {
        svg.qr viewBox={ "0 0 " (side) " " (side) } role="img" aria-label=(name) shape-rendering="crispEdges" {
            path fill="#fff" d={ "M0 0h" (side) "v" (side) "H0z" } {}
            path fill="#000" d=(dark(&code)) {}
        }
    })
}

/// As bytes, whatever they say: a mix of kinds would take some of UTF-8 for Japanese. None if this size is too small.
fn encoded(content: &str, version: Version) -> Option<QrCode> {
    let mut bits = Bits::new(version);
    bits.push_byte_data(content.as_bytes()).ok()?;
    bits.push_terminator(EcLevel::M).ok()?;
    QrCode::with_bits(bits, EcLevel::M).ok()
}

/// The dark modules, a run of a row at a time.
fn dark(code: &QrCode) -> String {
    let mut runs = Vec::new();
    for (row, y) in code.to_colors().chunks(code.width()).zip(QUIET..) {
        let mut x = QUIET;
        for run in row.chunk_by(|one, next| one == next) {
            let n = run.len();
            if run.contains(&Color::Dark) {
                runs.push(format!("M{x} {y}h{n}v1h-{n}z"));
            }
            x = x.saturating_add(n);
        }
    }
    runs.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_read_back() {
        let full = format!("https://pay.example.cn/{}", "a1B2".repeat(20));
        for content in [
            "weixin://wxpay/bizpayurl?pr=NwY5Mz9&groupid=00",
            "HTTPS://QR.EXAMPLE.CN/0417",
            "集充 ¥5,000.00",
            "7",
            &full,
        ] {
            let svg = qr(content, "付款二维码").expect("short enough").into_string();
            assert_eq!(reader::read(&svg), content);
            assert!(!svg.contains("style") && svg.contains("aria-label=\"付款二维码\""), "{svg}");
        }
    }

    #[test]
    fn what_no_code_holds_is_not_drawn() {
        assert!(qr(&"x".repeat(2_331), "").is_some(), "as much as the standard's table says");
        assert!(qr(&"x".repeat(2_332), "").is_none());
    }
}
