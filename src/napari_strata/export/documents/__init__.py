"""The metadata documents of images, made afresh."""
