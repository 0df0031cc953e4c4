use super::*;

/// What is published, as `reader:tap` or `reader`.
fn published(slots: &mut Slots, now: Instant) -> Vec<String> {
    slots.number(now);
    let said = |reader: &Reader| match &reader.tap {
        Some(tap) => format!("{}:{}", reader.name, tap.tap),
        None => reader.name.clone(),
    };
    slots.readers().iter().map(said).collect()
}

fn sight(name: &str, lies: Lies) -> Sight {
    Sight { name: CString::new(name).expect("a name"), lies }
}

fn card(visit: u32) -> Lies {
    Lies::Card { visit, atr: vec![0x3B, 0x00] }
}

#[test]
fn a_tap_is_a_visit_of_a_card() {
    let now = Instant::now();
    let mut slots = Slots::default();
    for (sights, expected) in [
        (vec![], vec![]),
        (vec![sight("a", Lies::Nothing)], vec!["a"]),
        (vec![sight("a", card(1))], vec!["a:1"]),
        (vec![sight("a", card(1)), sight("b", card(1))], vec!["a:1", "b:2"]),
        // Taken away and put back between two looks.
        (vec![sight("a", card(3)), sight("b", card(1))], vec!["a:3", "b:2"]),
        // Another card, on a service that does not count.
        (vec![sight("a", Lies::Card { visit: 3, atr: vec![0x3B, 0x01] }), sight("b", card(1))], vec!["a:4", "b:2"]),
        (vec![sight("a", Lies::Mute), sight("b", card(1))], vec!["a", "b:2"]),
        // Plugged in again: another visit, whatever the count says.
        (vec![sight("a", card(3))], vec!["a:5"]),
        (vec![sight("b", card(1)), sight("a", card(3))], vec!["b:6", "a:5"]),
        (vec![], vec![]),
    ] {
        slots.look(sights, now);
        assert_eq!(published(&mut slots, now), expected);
    }
    slots.look(vec![sight("a", card(3))], now);
    assert_eq!(published(&mut slots, now), ["a:7"]);
    slots.clear();
    slots.look(vec![sight("a", card(3))], now);
    assert_eq!(published(&mut slots, now), ["a:8"], "no tap outlives the service");
}

#[test]
fn a_tap_is_powered_up_once_and_the_reader_is_held_until_it_is_let_go() {
    let now = Instant::now();
    let mut slots = Slots::default();
    slots.look(vec![sight("a", card(1)), sight("b", card(1))], now);
    assert_eq!(published(&mut slots, now), ["a:1", "b:2"]);
    assert_eq!(slots.hold(7), None, "no such tap");
    assert_eq!(slots.hold(1).as_deref(), Some(c"a"));
    assert_eq!(slots.hold(1), None, "held already");
    slots.over(1, now);
    assert_eq!(slots.hold(1), None, "over for ever");
    let later = now + LONGEST_PAUSE;
    assert_eq!(published(&mut slots, later), ["a", "b:2"], "the connection has not let go");
    slots.look(vec![sight("a", card(3)), sight("b", card(1))], later);
    assert_eq!(published(&mut slots, later), ["a", "b:2"], "not even for another visit");
    assert_eq!(slots.pause(later), None, "there is no time to wait for");
    slots.let_go(1);
    assert_eq!(published(&mut slots, later), ["a:3", "b:2"]);
    assert_eq!(slots.hold(3).as_deref(), Some(c"a"));
    assert_eq!(slots.hold(2).as_deref(), Some(c"b"), "readers do not wait for each other");
}

#[test]
fn a_card_that_brings_trouble_is_offered_again_after_ever_longer_pauses() {
    let mut now = Instant::now();
    let mut slots = Slots::default();
    slots.look(vec![sight("a", card(1))], now);
    let mut pauses = Vec::new();
    for tap in 1..=8 {
        assert_eq!(published(&mut slots, now), [format!("a:{tap}")]);
        slots.over(tap, now);
        assert_eq!(published(&mut slots, now), ["a"]);
        let pause = slots.pause(now).expect("it will be offered again");
        pauses.push(pause.as_millis());
        now += pause;
    }
    assert_eq!(pauses, [600, 1_200, 2_400, 4_800, 9_600, 19_200, 30_000, 30_000]);
    assert_eq!(published(&mut slots, now), ["a:9"]);
    now += SETTLED;
    slots.over(9, now);
    assert_eq!(slots.pause(now), Some(FIRST_PAUSE), "a tap that lasted is forgiven");
    slots.look(vec![sight("a", card(3))], now);
    assert_eq!(published(&mut slots, now), ["a:10"], "a card that was lifted is a new tap at once");
}

#[test]
fn a_mute_card_is_news_unless_another_reader_has_a_card() {
    let now = Instant::now();
    let mut slots = Slots::default();
    for (sights, only_mute) in [
        (vec![sight("a", Lies::Nothing)], false),
        (vec![sight("a", Lies::Mute)], true),
        (vec![sight("a", Lies::Mute), sight("b", Lies::Nothing)], true),
        (vec![sight("a", Lies::Mute), sight("b", card(1))], false),
    ] {
        slots.look(sights, now);
        assert_eq!(slots.only_mute(), only_mute, "{slots:?}");
    }
}

#[test]
fn names_are_shown_as_text_and_never_alike() {
    let bytes = |bytes: &[u8]| CString::new(bytes).expect("a name");
    for (name, expected) in [
        (c"ACS ACR122U PICC Interface 00 00".to_owned(), "ACS ACR122U PICC Interface 00 00"),
        (c"读卡器 №1 <b>\"&'".to_owned(), "读卡器 №1 <b>\"&'"),
        (bytes(b" padded\t"), "padded"),
        (bytes(b"bell\x07 and \x1B[31m"), "bell\u{FFFD} and \u{FFFD}[31m"),
        (bytes("to\u{202E}left".as_bytes()), "to\u{FFFD}left"),
        // GBK, as Windows says it.
        (bytes(b"\xB6\xC1 1"), "\u{FFFD}\u{FFFD} 1"),
        (bytes(b""), ""),
    ] {
        assert_eq!(shown(&name), expected);
    }
    assert_eq!(shown(&bytes(&[b'x'; 500])).len(), MAX_NAME);

    let now = Instant::now();
    let mut slots = Slots::default();
    let sights =
        [&b"\xB6\xC1 1"[..], b"\xBF\xA8 1", b"\xB6\xC1 1", b"a"].map(|name| Sight { name: bytes(name), lies: card(1) });
    slots.look(sights.to_vec(), now);
    let names = ["\u{FFFD}\u{FFFD} 1:1", "\u{FFFD}\u{FFFD} 1 (2):2", "a:3"];
    assert_eq!(published(&mut slots, now), names, "alike ones are numbered, the same one comes once");
    assert_eq!(slots.hold(2).as_deref(), Some(bytes(b"\xBF\xA8 1").as_c_str()));
}

#[test]
fn a_card_is_offered_when_it_has_woken_up_or_when_that_takes_too_long() {
    let now = Instant::now();
    let waking = |visit| Lies::Card { visit, atr: Vec::new() };
    let atr = |slots: &Slots| slots.readers()[0].tap.as_ref().map(|tap| tap.atr.0.len());
    let mut slots = Slots::default();
    slots.look(vec![sight("a", waking(1))], now);
    assert_eq!(published(&mut slots, now), ["a"], "its answer to reset is on its way");
    assert!(slots.is_one_waking_up());
    let soon = now + Duration::from_millis(50);
    slots.look(vec![sight("a", card(1))], soon);
    assert_eq!((published(&mut slots, soon), atr(&slots)), (vec!["a:1".to_owned()], Some(2)));
    assert!(!slots.is_one_waking_up());

    // One that never says anything is offered all the same, and keeps its tap when it says something after all.
    slots.look(vec![sight("a", waking(3))], soon);
    assert_eq!(published(&mut slots, soon), ["a"]);
    assert_eq!(slots.pause(soon), Some(WAKES_UP));
    let later = soon + WAKES_UP;
    assert_eq!((published(&mut slots, later), atr(&slots)), (vec!["a:2".to_owned()], Some(0)));
    slots.look(vec![sight("a", card(3))], later);
    assert_eq!((published(&mut slots, later), atr(&slots)), (vec!["a:2".to_owned()], Some(0)), "as it was told");

    // Its next life is told with the answer.
    slots.over(2, later);
    let at_last = later + LONGEST_PAUSE;
    slots.look(vec![sight("a", card(3))], at_last);
    assert_eq!((published(&mut slots, at_last), atr(&slots)), (vec!["a:3".to_owned()], Some(2)));
}
