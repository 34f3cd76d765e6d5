"""What is known of each person: small, integer-coded tables from which every metric derives."""
