"""Rules that hide personal data: addresses of e-mail and of the internet, telephone numbers."""
