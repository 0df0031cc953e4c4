//! A code for an identity.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use link::{Enrol, Enrolled};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use terminal::{Error, enrol};

use crate::cards::Stand;
use crate::server::{Server, TERMINAL, enrolled, entropy, serve};

#[tokio::test]
async fn the_key_is_private_and_the_number_is_kept() {
    let state = tempfile::tempdir().unwrap();
    enrolled(state.path()).await;
    let stored = std::fs::read_to_string(state.path().join("terminal.json")).unwrap();
    assert!(stored.contains(TERMINAL));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(state.path().join("terminal.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(!state.path().join("enrolling.json").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_that_others_could_copy_or_replace_is_not_used() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let place = tempfile::tempdir().unwrap();
    let (state, file) = (place.path().join("a/state"), place.path().join("a/state/terminal.json"));
    enrolled(&state).await;
    let mode = |path: &std::path::Path| metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&file)), (0o700, 0o600), "made for the owner alone");
    let start = || {
        let server = "http://127.0.0.1:9".parse().unwrap();
        let (state_dir, exchange_limit) = (state.clone(), terminal::EXCHANGE_LIMIT);
        let config = terminal::Config { server, state_dir, ca_file: None, exchange_limit };
        terminal::start(config, Stand::agreeable().readers(), entropy(1))
    };
    for (path, open, closed) in [(&file, 0o640, 0o600), (&file, 0o604, 0o600), (&state, 0o770, 0o700)] {
        set_permissions(path, Permissions::from_mode(open)).unwrap();
        let error = start().expect_err("refused");
        assert!(matches!(&error, Error::Open { path: named, mode } if named == path && *mode == open), "{error}");
        let again = enrol(&"http://127.0.0.1:9".parse().unwrap(), None, "CODE", &state, &mut *entropy(2)).await;
        assert!(open != 0o770 || matches!(again, Err(Error::Open { .. })), "{again:?}");
        set_permissions(path, Permissions::from_mode(closed)).unwrap();
    }
    start().expect("closed again").stop().await;
}

#[tokio::test]
async fn a_refusal_is_shown_in_the_servers_words_and_keeps_the_old_identity() {
    let state = tempfile::tempdir().unwrap();
    enrolled(state.path()).await;
    let before = std::fs::read(state.path().join("terminal.json")).unwrap();
    let no = async || (StatusCode::GONE, Json(serde_json::json!({ "error": "the code was used already" })));
    let address = serve(Router::new().route(link::ENROL_PATH, post(no))).await;
    let error = enrol(&address, None, "OLD", state.path(), &mut StdRng::seed_from_u64(1)).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(text) if text == "the code was used already"), "{error}");
    assert_eq!(std::fs::read(state.path().join("terminal.json")).unwrap(), before);
}

#[tokio::test]
async fn an_answer_lost_on_its_way_is_asked_for_again_with_the_same_key() {
    let state = tempfile::tempdir().unwrap();
    let (keys, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let answer = move |Json(request): Json<Enrol>| async move {
        keys.send(request).unwrap();
        match calls.fetch_add(1, Ordering::SeqCst) {
            0 => Err(StatusCode::BAD_GATEWAY),
            _ => Ok(Json(Enrolled { terminal: TERMINAL.into(), name: "窗口一".into() })),
        }
    };
    let address = serve(Router::new().route(link::ENROL_PATH, post(answer))).await;
    let error = enrol(&address, None, " CODE\n", state.path(), &mut StdRng::seed_from_u64(1)).await.unwrap_err();
    assert!(error.to_string().contains("502"), "{error}");
    enrol(&address, None, "CODE", state.path(), &mut StdRng::seed_from_u64(2)).await.unwrap();
    let (first, second) = (seen.recv().await.unwrap(), seen.recv().await.unwrap());
    assert_eq!(first, second);
    assert_eq!(first.code, "CODE");
}

#[tokio::test]
async fn nobody_there_is_said_plainly() {
    let state = tempfile::tempdir().unwrap();
    let address = Server::new().await.address();
    let error = enrol(&address, None, "CODE", state.path(), &mut StdRng::seed_from_u64(1)).await.unwrap_err();
    assert!(
        error.to_string().starts_with("cannot reach the server: ") && error.to_string().contains("refused"),
        "{error}"
    );
}
