//! WebSocket frames as bytes on their way: enough of RFC 6455 to tell one message from the next and read its text.

/// A frame's length in bytes, and its text if it is a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) length: usize,
    pub(super) text: Option<String>,
}

const TEXT: u8 = 0x1;
/// Set on the last frame of a message; ours are never in pieces.
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;

/// The first frame in `bytes`; none while it is not whole.
pub(super) fn first(bytes: &[u8]) -> Option<Frame> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let [kind, length] = *head;
    let (length, rest) = match length & !MASKED {
        126 => rest.split_first_chunk::<2>().map(|(wide, rest)| (usize::from(u16::from_be_bytes(*wide)), rest))?,
        127 => panic!("a message of more than 64 KiB"),
        short => (usize::from(short), rest),
    };
    let (mask, rest) = if head[1] & MASKED == 0 { (&[0; 4], rest) } else { rest.split_first_chunk::<4>()? };
    let payload = rest.get(..length)?;
    let text = || {
        assert!(kind & FINAL != 0, "a message in pieces");
        let plain = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        String::from_utf8(plain).expect("messages are text")
    };
    Some(Frame { length: bytes.len() - rest.len() + length, text: (kind & 0x0F == TEXT).then(text) })
}

/// Where the head of the HTTP request or answer before the frames ends.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

#[test]
fn frames_are_told_apart_as_the_standard_shows_them() {
    // The examples of RFC 6455, section 5.7.
    let plain = b"\x81\x05Hello";
    assert_eq!(first(plain), Some(Frame { length: 7, text: Some("Hello".into()) }));
    let masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58and more";
    assert_eq!(first(masked), Some(Frame { length: 11, text: Some("Hello".into()) }));
    assert_eq!(first(b"\x89\x05Hello"), Some(Frame { length: 7, text: None }), "a ping is no message");
    let long = [&[0x81, 0x7E, 0x01, 0x00][..], &[b'x'; 256]].concat();
    assert_eq!(first(&long), Some(Frame { length: 260, text: Some("x".repeat(256)) }));
    for cut in 0..long.len() {
        assert_eq!(first(&long[..cut]), None);
    }
    assert_eq!(end_of_head(b"HTTP/1.1 101\r\n\r\n\x81"), Some(16));
}
