//! Small bodies that become large for whoever decompresses them.

/// How long what `gzip` and `deflate` hold is: 32 MiB of nothing, in a body that is within the limit of one.
const UNFOLDED: usize = 32 << 20;

/// 256 MiB of spaces by `brotli.compress(b" " * (256 << 20), quality=9)`.
const BROTLI: [&str; 7] = [
    "cbffff3f002440e2b14072effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf77ffcffff034002200e0b",
    "40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001108705a07bffc7ffff3f002400e2b00074effff8ffff078004",
    "401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf77ffcffff034002200e0b40f7fe8fffff7f004800c46101e8defff1ffff",
    "0f000980382c00ddfb3ffeffff012001108705a07bffc7ffff3f002400e2b00074effff8ffff078004401c1680eefd1fffffff00900088c302d0bdff",
    "e3ffff1f001200715800baf77ffcffff034002200e0b40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001108705",
    "a07bffc7ffff3f002400e2b00074effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf77ffcffff034002",
    "200e0b40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001108705a07bff37",
];

/// A body and what its header `Content-Encoding` says it is.
pub struct Bomb {
    pub encoding: &'static str,
    pub body: Vec<u8>,
    /// Whether the body comes in chunks, so that its length is not told.
    pub chunked: bool,
}

/// All of them.
pub fn all() -> Vec<Bomb> {
    let whole = |encoding, body| Bomb { encoding, body, chunked: false };
    vec![
        whole("br", brotli()),
        whole("zstd", zstd()),
        whole("gzip", gzip()),
        whole("deflate", zlib()),
        whole("gzip, gzip", gzip()),
        whole("gzip", brotli()),
        Bomb { chunked: true, ..whole("br", brotli()) },
    ]
}

fn brotli() -> Vec<u8> {
    let digits = BROTLI.concat();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// 256 MiB of spaces: a frame of 2,048 blocks that each say one byte and how often (RFC 8878, 3.1.1.2).
fn zstd() -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    // The magic number, no frame options, a window of 128 KiB.
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for number in 1..=2_048 {
        let header = u32::from(number == 2_048) | 1 << 1 | BLOCK << 3;
        bytes.extend_from_slice(&header.to_le_bytes()[..3]);
        bytes.push(b' ');
    }
    bytes
}

/// As RFC 1952 says.
fn gzip() -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bytes.extend(deflated());
    bytes.extend(crc32fast::hash(&vec![0; UNFOLDED]).to_le_bytes());
    bytes.extend((UNFOLDED as u32).to_le_bytes());
    bytes
}

/// As RFC 1950 says, which HTTP calls `deflate`. Of zeros, Adler's second sum is how many there were, modulo 65,521.
fn zlib() -> Vec<u8> {
    let mut bytes = vec![0x78, 0x9c];
    bytes.extend(deflated());
    bytes.extend((((UNFOLDED % 65_521) as u32) << 16 | 1).to_be_bytes());
    bytes
}

/// `UNFOLDED` zeros as one block with fixed codes (RFC 1951, 3.2.6): a zero, then copies of 258 bytes from one byte back, and
/// zeros again for what is left.
fn deflated() -> Vec<u8> {
    let (copies, left) = ((UNFOLDED - 1) / 258, (UNFOLDED - 1) % 258);
    let zero = [0, 0, 1, 1, 0, 0, 0, 0];
    let copy = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    let mut bits = vec![1_u8, 1, 0];
    bits.extend(zero);
    bits.extend(copy.iter().copied().cycle().take(copies * copy.len()));
    bits.extend(zero.iter().copied().cycle().take(left * zero.len()));
    bits.extend([0; 7]);
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | bit)).collect()
}
