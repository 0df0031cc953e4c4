//! The web: group portal and the terminals' endpoint
