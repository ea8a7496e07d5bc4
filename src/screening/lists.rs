//! The lists that come with the program: one entry a line, source and licence on top.

/// Hosts of services that shorten links.
pub const SHORTENERS: &str = include_str!("../../config/lists/shorteners.txt");
/// Owners of hosts that anybody links to.
pub const COMMON_OWNERS: &str = include_str!("../../config/lists/common-owners.txt");
/// Words of trade that names of people do not contain.
pub const TRADE_WORDS: &str = include_str!("../../config/lists/trade-words.txt");
/// Mail domains whose addresses live for minutes.
pub const DISPOSABLE_MAIL: &str = include_str!("../../config/lists/disposable-mail.txt");
/// Polite phrases that fit any post.
pub const PRAISE: &str = include_str!("../../config/lists/praise.txt");

/// The entries of a list.
pub fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}
