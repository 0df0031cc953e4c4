//! What a terminal and the server say to each other
