"""What trains models: jobs now, queues and distributed jobs as they come."""
