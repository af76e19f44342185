"""A key of the right shape. It opens nothing."""

KEY = "scopix_abcdefgh_0123456789012345"
