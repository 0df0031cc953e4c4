//! The reader's side: software readers, connection to the server
