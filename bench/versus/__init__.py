"""What `bench/against` compares, shelf by shelf."""
