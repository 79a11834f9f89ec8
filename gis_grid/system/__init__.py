"""The service about itself: how it does, what it is set to. Reads across everything."""
