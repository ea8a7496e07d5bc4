//! Who calls, and who pretends to.

use super::*;

/// What arrives, and who is the caller.
struct Case {
    name: &'static str,
    header: ForwardedHeader,
    peer: &'static str,
    /// The lines of the header, top to bottom.
    lines: &'static [&'static str],
    caller: &'static str,
    known_by: KnownBy,
}

/// The proxies that are trusted in every case.
const TRUSTED: &[&str] = &["10.0.0.0/8", "192.0.2.1", "2001:db8:aaaa::/48", "::ffff:172.16.0.0/108"];

const fn xff(name: &'static str, peer: &'static str, lines: &'static [&'static str], caller: Caller) -> Case {
    Case { name, header: ForwardedHeader::XForwardedFor, peer, lines, caller: caller.0, known_by: caller.1 }
}

const fn rfc(name: &'static str, lines: &'static [&'static str], caller: Caller) -> Case {
    Case { name, header: ForwardedHeader::Forwarded, peer: "10.0.0.1", lines, caller: caller.0, known_by: caller.1 }
}

struct Caller(&'static str, KnownBy);

const fn peer(ip: &'static str) -> Caller {
    Caller(ip, KnownBy::Connection)
}

const fn told(ip: &'static str) -> Caller {
    Caller(ip, KnownBy::Header)
}

const fn last(ip: &'static str) -> Caller {
    Caller(ip, KnownBy::BrokenHeader)
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    xff("no header", "203.0.113.9", &[], peer("203.0.113.9")),
    xff("a proxy that names nobody", "10.0.0.1", &[], peer("10.0.0.1")),
    xff("a stranger who pretends to be a proxy", "203.0.113.9", &["198.51.100.1"], peer("203.0.113.9")),
    xff("a stranger who names a trusted proxy", "203.0.113.9", &["127.0.0.1, 10.0.0.1"], peer("203.0.113.9")),
    xff("a neighbour of a trusted address", "192.0.2.2", &["198.51.100.1"], peer("192.0.2.2")),
    xff("one proxy", "10.0.0.1", &["198.51.100.1"], told("198.51.100.1")),
    xff("a trusted single address", "192.0.2.1", &["198.51.100.1"], told("198.51.100.1")),
    xff("two proxies", "10.0.0.1", &["198.51.100.1, 10.0.0.2"], told("198.51.100.1")),
    xff("a caller who put an address in front", "10.0.0.1", &["127.0.0.1, 198.51.100.1"], told("198.51.100.1")),
    xff("a caller who put trusted ones in front", "10.0.0.1", &["10.9.9.9, 198.51.100.1, 10.0.0.2"], told("198.51.100.1")),
    xff("nobody but trusted ones", "10.0.0.1", &["10.0.0.3, 10.0.0.2"], told("10.0.0.3")),
    xff("two lines", "10.0.0.1", &["127.0.0.1", "198.51.100.1"], told("198.51.100.1")),
    xff("two lines, the second trusted", "10.0.0.1", &["203.0.113.5, 198.51.100.1", "10.0.0.2"], told("198.51.100.1")),
    xff("a first line with an open quote", "10.0.0.1", &["1.2.3.4, \"", "198.51.100.1"], told("198.51.100.1")),
    xff("an open quote in front", "10.0.0.1", &["\"1.2.3.4, 198.51.100.1"], told("198.51.100.1")),
    xff("an unknown caller", "10.0.0.1", &["unknown"], last("10.0.0.1")),
    xff("unknown behind two proxies", "10.0.0.1", &["1.2.3.4, unknown, 10.0.0.2"], last("10.0.0.2")),
    xff("a name", "10.0.0.1", &["localhost"], last("10.0.0.1")),
    xff("nothing", "10.0.0.1", &[""], last("10.0.0.1")),
    xff("nothing after a comma", "10.0.0.1", &["198.51.100.1,"], last("10.0.0.1")),
    xff("an address with octal digits", "10.0.0.1", &["0177.0.0.1"], last("10.0.0.1")),
    xff("an address as one number", "10.0.0.1", &["2130706433"], last("10.0.0.1")),
    xff("two addresses without a comma", "10.0.0.1", &["127.0.0.1 198.51.100.1"], last("10.0.0.1")),
    xff("a letter at the end", "10.0.0.1", &["198.51.100.1\u{fffd}"], last("10.0.0.1")),
    xff("a port", "10.0.0.1", &["198.51.100.1:4711"], told("198.51.100.1")),
    xff("a port that is none", "10.0.0.1", &["198.51.100.1:99999"], last("10.0.0.1")),
    xff("a port with a sign", "10.0.0.1", &["198.51.100.1:+1"], last("10.0.0.1")),
    xff("IPv6", "10.0.0.1", &["2001:db8::7"], told("2001:db8::7")),
    xff("IPv6 in brackets", "10.0.0.1", &["[2001:db8::7]"], told("2001:db8::7")),
    xff("IPv6 in brackets with a port", "10.0.0.1", &["[2001:db8::7]:443"], told("2001:db8::7")),
    xff("IPv6 in quotes", "10.0.0.1", &["\"[2001:db8::7]:443\""], told("2001:db8::7")),
    xff("IPv6 in brackets with rubbish", "10.0.0.1", &["[2001:db8::7]443"], last("10.0.0.1")),
    xff("IPv4 in brackets", "10.0.0.1", &["[198.51.100.1]"], last("10.0.0.1")),
    xff("IPv6 with a zone", "10.0.0.1", &["fe80::1%eth0"], told("fe80::1")),
    xff("IPv6 with an escaped zone", "10.0.0.1", &["[fe80::1%25eth0]:80"], told("fe80::1")),
    xff("a zone without a name", "10.0.0.1", &["fe80::1%"], last("10.0.0.1")),
    xff("IPv4 with a zone", "10.0.0.1", &["198.51.100.1%eth0"], last("10.0.0.1")),
    xff("a trusted proxy over IPv6", "2001:db8:aaaa::1", &["198.51.100.1"], told("198.51.100.1")),
    xff("a mapped peer", "::ffff:10.0.0.1", &["198.51.100.1"], told("198.51.100.1")),
    xff("a mapped stranger", "::ffff:203.0.113.9", &["198.51.100.1"], peer("203.0.113.9")),
    xff("a mapped caller", "10.0.0.1", &["::ffff:198.51.100.1"], told("198.51.100.1")),
    xff("a mapped proxy on the way", "10.0.0.1", &["198.51.100.1, ::ffff:10.0.0.2"], told("198.51.100.1")),
    xff("a network written as mapped", "172.16.5.5", &["198.51.100.1"], told("198.51.100.1")),
    xff("a neighbour of a network written as mapped", "172.32.0.1", &["198.51.100.1"], peer("172.32.0.1")),
    xff("ten entries", "10.0.0.1", &["198.51.100.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9,10.0.0.10"], told("198.51.100.1")),
    xff("eleven entries", "10.0.0.1", &["198.51.100.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9,10.0.0.10,10.0.0.11"], last("10.0.0.2")),
    xff("an entry of the other header", "10.0.0.1", &["for=198.51.100.1"], last("10.0.0.1")),

    rfc("one proxy", &["for=198.51.100.1;proto=https;by=203.0.113.43"], told("198.51.100.1")),
    rfc("capitals and blanks", &[" proto=https; For=198.51.100.1 "], told("198.51.100.1")),
    rfc("two proxies", &["for=198.51.100.1, for=10.0.0.2"], told("198.51.100.1")),
    rfc("a caller who put an address in front", &["for=127.0.0.1, for=198.51.100.1"], told("198.51.100.1")),
    rfc("two lines", &["for=127.0.0.1", "for=198.51.100.1"], told("198.51.100.1")),
    rfc("IPv6", &["for=\"[2001:db8:cafe::17]:4711\""], told("2001:db8:cafe::17")),
    rfc("a hidden port", &["for=\"198.51.100.1:_web\""], told("198.51.100.1")),
    rfc("an unknown caller", &["for=127.0.0.1, for=unknown"], last("10.0.0.1")),
    rfc("a hidden caller", &["for=_hidden, for=10.0.0.2"], last("10.0.0.2")),
    rfc("an entry without the caller", &["for=198.51.100.1, proto=https"], last("10.0.0.1")),
    rfc("the caller twice", &["for=127.0.0.1;for=198.51.100.1"], last("10.0.0.1")),
    rfc("an address alone", &["198.51.100.1"], last("10.0.0.1")),
    rfc("a comma in quotes", &["for=127.0.0.1;host=\"a,b\", for=198.51.100.1;host=\"c,d\""], told("198.51.100.1")),
    rfc("an open quote in front", &["for=127.0.0.1;host=\", for=198.51.100.1"], told("198.51.100.1")),
    rfc("an escape", &["for=\"198.51\\.100.1\""], last("10.0.0.1")),
    rfc("an open quote", &["for=\"198.51.100.1"], last("10.0.0.1")),
];

fn networks(texts: &[&str]) -> Networks {
    Networks(texts.iter().map(|text| Network::try_from((*text).to_owned()).unwrap()).collect())
}

#[test]
fn a_caller_is_who_trusted_proxies_say_and_nobody_else() {
    for case in CASES {
        let forwarding = Forwarding { trusted: networks(TRUSTED), header: case.header };
        let lines: Vec<&[u8]> = case.lines.iter().map(|line| line.as_bytes()).collect();
        let found = caller_address(case.peer.parse().unwrap(), &lines, &forwarding);
        let expected = CallerAddress { ip: case.caller.parse().unwrap(), known_by: case.known_by };
        assert_eq!(found, expected, "{} ({:?})", case.name, case.header);
    }
}

#[test]
fn bytes_that_are_no_text_end_the_walk() {
    let forwarding = Forwarding { trusted: networks(TRUSTED), header: ForwardedHeader::XForwardedFor };
    let found = caller_address("10.0.0.1".parse().unwrap(), &[b"198.51.100.1, \xff10.0.0.2"], &forwarding);
    assert_eq!(found, CallerAddress { ip: "10.0.0.1".parse().unwrap(), known_by: KnownBy::BrokenHeader });
}

#[test]
fn without_trusted_proxies_no_header_is_believed() {
    for case in CASES {
        let forwarding = Forwarding { trusted: Networks::default(), header: case.header };
        let lines: Vec<&[u8]> = case.lines.iter().map(|line| line.as_bytes()).collect();
        let peer: IpAddr = case.peer.parse().unwrap();
        assert_eq!(caller_address(peer, &lines, &forwarding).ip, peer.to_canonical(), "{}", case.name);
    }
}

#[test]
fn a_network_that_is_none_is_refused_with_what_is_allowed() {
    for text in ["", "10.0.0.0/33", "10.0.0", "localhost", "10.0.0.1:80", "10.0.0.0/8, 127.0.0.1", "::/129"] {
        let refusal = Network::try_from(text.to_owned()).unwrap_err();
        assert_eq!(refusal, format!("must be a network such as \"10.0.0.0/8\" or an address, not \"{text}\""));
    }
    for (everybody, texts) in [(true, &["10.0.0.0/8", "0.0.0.0/0"][..]), (true, &["::/0"]), (false, TRUSTED)] {
        assert_eq!(networks(texts).hold_everybody(), everybody, "{texts:?}");
    }
}
