"""What other systems read: every export is read back as they would, also when students write to break it."""
