"""What Google's APIs have in common: access tokens, building requests, and what their answers mean."""
