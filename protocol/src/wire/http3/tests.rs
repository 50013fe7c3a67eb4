use proptest::prelude::*;

use super::*;

/// As Chromium 140 asks, with Huffman's code and a frame that means nothing before.
fn browsers_request() -> Vec<u8> {
    let www = [0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
    let mut fields = Fields::new().numbered(number::SCHEME_HTTPS).numbered(number::METHOD_CONNECT).into_bytes();
    // `:authority` by number, the value in Huffman's code.
    fields.push(0x50);
    fields.extend(www);
    let rest = Fields::new()
        .named(number::PATH, "/play?x=1")
        .field(":protocol", "webtransport")
        .field("sec-webtransport-http3-draft02", "1")
        .named(90, "https://play.example")
        .into_bytes();
    fields.extend(&rest[2..]);
    [frame(0x21 + 0x1f * 7, &[1, 2, 3]), frame(HEADERS, &fields)].concat()
}

#[test]
fn a_browsers_request_is_understood() {
    let asked = read_request(&browsers_request()).unwrap().unwrap();
    let (authority, origin) = (Some("www.example.com".to_owned()), Some("https://play.example".to_owned()));
    assert_eq!(asked, Request { is_for_session: true, authority, path: "/play?x=1".to_owned(), origin });
}

#[test]
fn other_requests_are_for_no_session() {
    let get = Fields::new().numbered(17).numbered(number::SCHEME_HTTPS).named(number::PATH, "/play").into_bytes();
    let asked = read_request(&frame(HEADERS, &get)).unwrap().unwrap();
    assert!(!asked.is_for_session);
    // In one thing alone another one than that of a session: `GET`, `http`, and what is no WebTransport.
    for (method, scheme, protocol) in [
        (17, number::SCHEME_HTTPS, "webtransport"),
        (number::METHOD_CONNECT, 22, "webtransport"),
        (number::METHOD_CONNECT, number::SCHEME_HTTPS, "websocket"),
    ] {
        let fields = Fields::new().numbered(method).numbered(scheme).named(number::PATH, "/play");
        let asked = read_request(&frame(HEADERS, &fields.field(":protocol", protocol).into_bytes())).unwrap().unwrap();
        assert!(!asked.is_for_session, "{method} {scheme} {protocol}");
    }
    let without_method = Fields::new().named(number::PATH, "/play").into_bytes();
    assert_eq!(read_request(&frame(HEADERS, &without_method)), Err(Http3Error::Message));
    let twice = Fields::new().numbered(17).numbered(17).into_bytes();
    assert_eq!(read_request(&frame(HEADERS, &twice)), Err(Http3Error::Message));
    let broken = Fields::new().numbered(17).named(number::PATH, "/\u{7f}").into_bytes();
    assert_eq!(read_request(&frame(HEADERS, &broken)), Err(Http3Error::Message));
}

#[test]
fn frames_that_have_no_place_there_and_too_many_bytes_are_refused() {
    for kind in [DATA, SETTINGS, 0x02, 0x05, 0x09, 0x0d, SESSION_STREAM] {
        assert_eq!(read_request(&frame(kind, &[0; 3])), Err(Http3Error::Frame), "{kind:#x}");
    }
    assert_eq!(read_request(&[0x01, 0x80, 0x00]), Ok(None));
    assert_eq!(read_request(&[0x01, 0x80, 0x00, 0x10, 0x00]), Err(Http3Error::TooLong), "4,096 behind a header");
    assert_eq!(read_request(&[0x01, 0x80, 0x00, 0x0f, 0xfc]), Err(Http3Error::TooLong), "4,092 behind 5");
    assert_eq!(read_request(&[0x01, 0x80, 0x00, 0x0f, 0xfb]), Ok(None), "as many as there may be");
    let nothing = frame(0x21, &[]).repeat(MAX_HEAD_BYTES / 2);
    assert_eq!(read_request(&nothing), Err(Http3Error::TooLong));
    assert_eq!(read_request(&nothing[..nothing.len() - 2]), Ok(None));
}

#[test]
fn an_answer_is_a_status() {
    for status in [200, 403, 404] {
        assert_eq!(read_status(&response(status)), Ok(Some(status)));
    }
    assert_eq!(read_status(&frame(HEADERS, &Fields::new().numbered(25).into_bytes())), Ok(Some(200)));
    assert_eq!(read_status(&request("a", "/")), Err(Http3Error::Message));
}

#[test]
fn a_stream_says_which_session_it_belongs_to() {
    assert_eq!(stream_header(), [0x40, 0x41, 0]);
    assert_eq!(read_stream_header(&[0x40, 0x41, 0, 7]), Ok(Some(3)));
    assert_eq!(read_stream_header(&[0x40, 0x41, 0x40, 0, 7]), Ok(Some(4)), "any length of a number will do");
    assert_eq!((read_stream_header(&[0x40]), read_stream_header(&[0x40, 0x41])), (Ok(None), Ok(None)));
    assert_eq!(read_stream_header(&[0x40, 0x41, 4]), Err(Http3Error::Session));
    assert_eq!(read_stream_header(&[1]), Err(Http3Error::Session));
    assert_eq!((read_datagram(&[0, 7]), read_datagram(&[1, 7]), read_datagram(&[])), (Some(&[7][..]), None, None));
}

#[test]
fn what_is_always_the_same_are_these_bytes() {
    let settings = [1, 0, 7, 0, 8, 1, 0x33, 1, 0x80, 0xff, 0xd2, 0x77, 1, 0xab, 0x60, 0x37, 0x42, 1];
    let settings = [&settings[..], &[0xc0, 0, 0, 0, 0xc6, 0x71, 0x70, 0x6a, 1]].concat();
    assert_eq!(control_stream(), [&[0, 4, settings.len() as u8], &settings[..]].concat());
    assert_eq!(close_session(1_008), [0, 7, 0x68, 0x43, 4, 0, 0, 3, 0xf0]);
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn any_request(before in 0..300_usize, at in 0..200_usize, byte: u8, authority in "[ -~]{0,90}", path in "[ -~]{0,300}") {
        let mut bytes = [frame(0x21, &vec![0; before]), request(&authority, &path)].concat();
        check(&bytes);
        let at = at % bytes.len();
        bytes[at] = byte;
        check(&bytes);
    }
}
