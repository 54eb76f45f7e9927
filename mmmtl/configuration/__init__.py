"""Recipes: loading, changing and checking configs."""
