//! A reader of codes for the tests, from the standard (ISO/IEC 18004) and not from what draws them: sizes up to 6, level
//! M, bytes. It forgives nothing: every block must be without error.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers; a wrong one fails the test")]

/// The light border around a code.
const QUIET: usize = 4;
/// Blocks of each size at level M, and the codewords of data and of correction in each.
const BLOCKS: [(usize, usize, usize); 6] =
    [(1, 16, 10), (1, 28, 16), (1, 44, 26), (2, 32, 18), (2, 43, 24), (4, 27, 16)];

/// What a code says that is drawn as `svg`.
pub(super) fn read(svg: &str) -> String {
    let grid = modules(svg);
    let version = (grid.len() - 17) / 4;
    let (blocks, data, correction) = BLOCKS[version - 1];
    let words = codewords(&grid, version, mask(&grid));
    assert_eq!(words.len(), blocks * (data + correction), "a size {version}");
    let mut message = Vec::new();
    for block in 0..blocks {
        let own = |n: usize, from: usize| (0..n).map(move |at| from + at * blocks + block);
        let places = own(data, 0).chain(own(correction, data * blocks));
        let block: Vec<u8> = places.map(|at| words[at]).collect();
        assert!((0..correction).all(|power| syndrome(&block, power) == 0), "a block has errors");
        message.extend_from_slice(&block[..data]);
    }
    // Four bits of mode, eight of length: all bytes are split in the middle.
    let halves: Vec<u8> = message.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let (mode, length) = (halves[0], usize::from(halves[1] << 4 | halves[2]));
    assert_eq!(mode, 4, "bytes");
    let bytes = halves[3..].chunks(2).take(length).map(|pair| pair[0] << 4 | pair[1]).collect();
    String::from_utf8(bytes).expect("UTF-8")
}

/// The picture, module by module, dark or light, as a browser paints it.
fn modules(svg: &str) -> Vec<Vec<bool>> {
    let paths: Vec<&str> = svg.split(" d=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let [ground, dark] = paths[..] else { panic!("two paths are expected: {svg}") };
    let side: usize = ground.split(['h', 'v']).nth(1).unwrap().parse().unwrap();
    assert!(svg.contains(&format!("viewBox=\"0 0 {side} {side}\"")), "{svg}");
    let mut painted = vec![vec![false; side]; side];
    for run in dark.split('z').filter(|run| !run.is_empty()) {
        let (at, shape) = run.strip_prefix('M').and_then(|run| run.split_once('h')).expect(run);
        let (x, y) = at.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let n: usize = shape.split('v').next().unwrap().parse().unwrap();
        assert_eq!(shape, format!("{n}v1h-{n}"));
        painted[y][x..x + n].fill(true);
    }
    let inner = QUIET..side - QUIET;
    let outside = |at: &usize| !inner.contains(at);
    assert!(
        (0..side).all(|y| (0..side).all(|x| !(outside(&x) || outside(&y)) || !painted[y][x])),
        "the border is light"
    );
    painted[inner.clone()].iter().map(|row| row[inner.clone()].to_vec()).collect()
}

/// Which mask lies over the data, from the format's fifteen bits; both copies say the same, and level M.
fn mask(grid: &[Vec<bool>]) -> usize {
    let last = grid.len() - 1;
    let around = |n: usize| match n {
        0..=5 => (n, 8),
        6 | 7 => (n + 1, 8),
        8 => (8, 7),
        _ => (8, 14 - n),
    };
    let apart = |n: usize| if n < 8 { (8, last - n) } else { (last + n - 14, 8) };
    let bits = |place: &dyn Fn(usize) -> (usize, usize)| {
        (0..15).map(|n| usize::from(grid[place(n).0][place(n).1]) << n).sum::<usize>() ^ 0x5412
    };
    let format = bits(&around);
    assert_eq!(format, bits(&apart), "the two copies of the format");
    assert_eq!(format >> 13, 0, "level M");
    format >> 10 & 7
}

/// The codewords in the order in which they wind through what is neither finder, timing, alignment nor format.
fn codewords(grid: &[Vec<bool>], version: usize, mask: usize) -> Vec<u8> {
    let side = grid.len();
    let aligned = 4 * version + 10;
    let fixed = |y: usize, x: usize| {
        let finder = (y < 9 && (x < 9 || x >= side - 8)) || (y >= side - 8 && x < 9);
        let alignment = version > 1 && y.abs_diff(aligned) < 3 && x.abs_diff(aligned) < 3;
        finder || alignment || y == 6 || x == 6
    };
    let term = |y: usize, x: usize| match mask {
        0 => (y + x) % 2,
        1 => y % 2,
        2 => x % 3,
        3 => (y + x) % 3,
        4 => (y / 2 + x / 3) % 2,
        5 => (y * x) % 2 + (y * x) % 3,
        6 => ((y * x) % 2 + (y * x) % 3) % 2,
        _ => ((y + x) % 2 + (y * x) % 3) % 2,
    };
    let mut bits = Vec::new();
    // Pairs of columns from the right, past the timing at 6; up, then down.
    let pairs = (0..side).rev().filter(|x| *x != 6).collect::<Vec<_>>();
    for (pair, up) in pairs.chunks(2).zip([true, false].into_iter().cycle()) {
        let rows: Vec<usize> = if up { (0..side).rev().collect() } else { (0..side).collect() };
        let places = rows.into_iter().flat_map(|y| pair.iter().map(move |x| (y, *x)));
        bits.extend(places.filter(|(y, x)| !fixed(*y, *x)).map(|(y, x)| grid[y][x] != (term(y, x) == 0)));
    }
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |word, bit| word << 1 | u8::from(*bit))).collect()
}

/// The block as a polynomial over GF(256) at a power of two: nothing, if it is without error.
fn syndrome(block: &[u8], power: usize) -> u8 {
    let twice = |n: u8| n << 1 ^ if n & 0x80 == 0 { 0 } else { 0x1D };
    block.iter().fold(0, |sum, word| (0..power).fold(sum, |sum, _| twice(sum)) ^ word)
}
